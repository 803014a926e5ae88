"""Databases, sessions and column types."""

from __future__ import annotations

from .engine import Database
from .locks import hold, is_alone
from .lowered import lowered
from .prepared import Prepared
from .session import UnscopedQuery, WorkspaceScoped, WorkspaceSession
from .types import AnyRow, Ciphertext, Id, Json, UTCDateTime
from .upsert import upsert

__all__ = [
    "AnyRow",
    "Ciphertext",
    "Database",
    "Id",
    "Json",
    "Prepared",
    "UTCDateTime",
    "UnscopedQuery",
    "WorkspaceScoped",
    "WorkspaceSession",
    "hold",
    "is_alone",
    "lowered",
    "upsert",
]

"""Locks by name, for what no row stands for yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func, select

if TYPE_CHECKING:
    from .session import WorkspaceSession


def hold(session: WorkspaceSession, name: str) -> None:
    """Hold the lock ``name`` of the session's workspace until the transaction ends.

    Waits for whoever holds it. On SQLite a writing transaction holds the whole database already.
    """
    if session.get_bind().dialect.name == "postgresql":
        key = func.hashtextextended(name, session.require_workspace())
        session.execute(select(func.pg_advisory_xact_lock(key)))


def is_alone(session: WorkspaceSession) -> bool:
    """Tell whether nobody else can write before a writing transaction ends, as on SQLite."""
    return session.get_bind().dialect.name == "sqlite"

"""What bodies and queries may hold; see :mod:`support_core.schemas.fields`."""

from __future__ import annotations

from .fields import validate

__all__ = ["validate"]

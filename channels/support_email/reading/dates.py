"""The Date field (RFC 5322 §3.3)."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_LONGEST = 200


def parse(value: str) -> datetime | None:
    """Return an aware time, UTC when no zone is told, None when there is none to be read."""
    try:
        parsed = parsedate_to_datetime(value[:_LONGEST])
        return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None

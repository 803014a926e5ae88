"""What became of something that a webhook told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .reading import Told, text


@dataclass(frozen=True)
class Outcome:
    """What became of it; ``repeated`` is a state that leaves no trace."""

    state: str
    reason: str | None = None
    conversation_id: int | None = None
    thread_id: int | None = None
    target_id: str | None = None
    media_id: int | None = None


REPEATED = Outcome("repeated")

NOT_SAID = Outcome("kept", "It does not say which message it is about.")


def sender_of(told: Told) -> tuple[str | None, str | None]:
    """Return who sent it: their number, and Meta's own id of them."""
    user = _said(told.data, "from_user_id") or _said(told.contact, "user_id")
    return _said(told.data, "from") or _said(told.contact, "wa_id"), user


def _said(value: dict[str, Any], name: str) -> str | None:
    return (text(value, name) or "").strip() or None

"""The audit trail: one row for every administrative change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..models import AuditEntry

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..desk import Desk


class AuditTrail:
    """Records who changed what, in the transaction of the change."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def record(
        self,
        action: str,
        target_type: str,
        target_id: int | None,
        *,
        fields: Iterable[str] = (),
    ) -> None:
        """Add an entry; ``fields`` are names only, values may be secret."""
        actor = self._desk.actor
        self._desk.session.add(
            AuditEntry(
                action=action,
                target_type=target_type,
                target_id=target_id,
                fields=sorted(fields),
                user_id=actor.user_id,
                actor=actor.shown(),
                created_at=self._desk.clock(),
            )
        )

"""The streams of members: what they may see of the whole workspace."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .frames import signal_frame
from .subscription import Subscription, holder_of, selection_of, shared

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..bus import Signal
    from ..identity import Identity
    from .positions import Positions
    from .subscription import Hears, Selection


def agent_subscription(  # noqa: PLR0913 - options, by keyword
    caller: Identity,
    positions: Positions,
    filters: Mapping[str, Any],
    *,
    permission: str,
    feature: str | None,
    limit: int,
) -> Subscription:
    """Return the stream of a caller who has the ``permission``, and loses it with that."""
    wants = selection_of(filters)
    return Subscription(
        workspace_id=caller.workspace_id,
        after=positions.after,
        head=positions.head,
        reset=positions.reset,
        key=caller.key,
        limit=limit,
        topics=frozenset(f"mailbox:{id_}" for id_ in filters.get("mailbox_id") or ()),
        wants=wants,
        permissions=shared(caller.permissions),
        hears=_hearing(wants),
        holder=holder_of(caller),
        permission=permission,
        feature=feature,
    )


def _hearing(wants: Selection | None) -> Hears:
    """Return what makes frames of the signals that pass the filters."""
    if wants is None:
        return signal_frame

    def hears(signal: Signal) -> bytes | None:
        return signal_frame(signal) if wants(signal) else None

    return hears

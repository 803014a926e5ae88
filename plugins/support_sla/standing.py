"""Whether a workspace has the feature, and since when: without it clocks tell nobody of anything.

A plan may change at any time and anywhere, in the host's billing too, and nobody says so. What
counts is therefore asked whenever a clock is reckoned; a job that looks now and then notes the
change, and has open conversations reckoned anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, select

from support_core.plugin_api import Prepared, hold, upsert

from .models import FeatureChange, Policy
from .recomputing import begin

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from support_core.plugin_api import Application, Desk

FEATURE = "sla"

_change = FeatureChange.__table__.c
_CHANGE = Prepared(
    select(_change.lost_at, _change.returned_at).where(
        _change.workspace_id == bindparam("workspace_id")
    )
)


@dataclass(frozen=True)
class Standing:
    """Whether the feature is there now, and the last change of that which was noted."""

    denied: bool
    lost_at: datetime | None = None
    returned_at: datetime | None = None

    @property
    def noted(self) -> bool:
        """Whether what is so now was noted, and clocks are or will be reckoned by it."""
        return self.denied == (self.lost_at is not None and self.returned_at is None)

    def told_from(self, reckoned: datetime | None, now: datetime) -> datetime | None:
        """Return before when nobody is told of a clock that was last ``reckoned`` then.

        What came to pass while the feature was not there is told of to nobody, later either.
        """
        if self.lost_at is None or self.denied:
            return None
        since = self.returned_at or now
        return since if reckoned is None or reckoned < since else None


def standing(desk: Desk) -> Standing:
    """Return how the workspace stands now."""
    denied = desk.entitlements.denial(FEATURE) is not None
    rows = desk.session.fetch(_CHANGE)
    return Standing(denied, rows[0].lost_at, rows[0].returned_at) if rows else Standing(denied)


def note_change(desk: Desk, enqueue: Callable[[Desk], object]) -> bool:
    """Note that the feature was lost or has returned; tell whether that was so.

    Open conversations are reckoned anew then, from the same moment on.
    """
    hold(desk.session, "sla_feature")
    now, found = desk.clock(), standing(desk)
    if found.noted:
        return False
    desk.session.core(upsert(desk.session, FeatureChange, keys=("workspace_id",)), _new(desk))
    row = desk.session.get_one(FeatureChange, desk.workspace_id)
    if found.denied:
        row.lost_at, row.returned_at = now, None
    else:
        row.returned_at = now
    begin(desk, "feature_lost" if found.denied else "feature_returned")
    enqueue(desk)
    return True


def _new(desk: Desk) -> dict[str, int]:
    return {"workspace_id": desk.workspace_id}


def with_policies(application: Application) -> list[int]:
    """Return the workspaces that have made policies."""
    with application.database.transaction(write=False) as session:
        found = session.execute(
            select(Policy.workspace_id).distinct().order_by(Policy.workspace_id),
            execution_options={"unscoped": "the workspaces that promise anything"},
        )
        return list(found.scalars())

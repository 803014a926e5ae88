"""How far the followers of the event log are behind, read when somebody scrapes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from .models import Counter, FollowerPosition

if TYPE_CHECKING:
    from collections.abc import Iterable

    from prometheus_client import Metric

    from .application import Application

log = structlog.get_logger(__name__)

_BEHIND = (
    select(
        FollowerPosition.name,
        func.sum(Counter.value - FollowerPosition.last_event_id),
        func.sum(FollowerPosition.missed),
    )
    .join(Counter, Counter.workspace_id == FollowerPosition.workspace_id)
    .where(Counter.name == "events")
    .group_by(FollowerPosition.name)
)


class FollowersBehind(Collector):
    """Events that followers have yet to read, and such as were gone before they came to them."""

    def __init__(self, application: Application) -> None:
        self._application = application

    def describe(self) -> Iterable[Metric]:
        """Name nothing beforehand, so that registering does not read the database."""
        return []

    def collect(self) -> Iterable[Metric]:
        """Look, unless no plugin follows."""
        declared = self._application.followers.declared
        if not declared:
            return []
        try:
            with self._application.database.transaction(write=False) as session:
                rows = session.execute(
                    _BEHIND, execution_options={"unscoped": "metrics of every workspace"}
                ).all()
        except SQLAlchemyError as error:
            log.warning("follower_metrics_unavailable", error=type(error).__name__)
            return []
        behind = GaugeMetricFamily(
            "support_follower_events_behind",
            "Events of all workspaces that a follower has yet to read.",
            labels=("follower",),
        )
        missed = GaugeMetricFamily(
            "support_follower_events_missed",
            "Events that the log had dropped before a follower came to them.",
            labels=("follower",),
        )
        found = {name: (late, gone) for name, late, gone in rows}
        for name in sorted(declared):
            late, gone = found.get(name, (0, 0))
            behind.add_metric((name,), int(late))
            missed.add_metric((name,), int(gone))
        return [behind, missed]

"""What a workspace's plan and overrides allow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, select

from support_core.plugin_api import Denial, Entitlements, Prepared, upsert

from .models import PlanLock, PlanOverride

if TYPE_CHECKING:
    from collections.abc import Sequence

    from support_core.plugin_api import Desk, WorkspaceRef

    from .catalogue import Catalogue, Plan


_override = PlanOverride.__table__.c
_OVERRIDE = Prepared(
    select(_override.amount).where(
        *(_override[name] == bindparam(name) for name in ("workspace_id", "kind", "name"))
    )
)


class PlanService:
    """One workspace's entitlements, at one desk."""

    def __init__(self, desk: Desk, workspace: WorkspaceRef) -> None:
        self._desk = desk
        self._catalogue: Catalogue = desk.application.extensions["plans"]
        self._plan: Plan = self._catalogue.plan(workspace.plan)

    def feature_denial(self, feature: str) -> Denial | None:
        """Return a denial where neither the plan nor an override grants ``feature``."""
        override = self._override("feature", feature)
        granted = bool(override[0].amount) if override else self._plan.includes(feature)
        return None if granted else Denial(current_plan=self._plan.name)

    def reserve(self, resource: str, amount: int) -> Denial | None:
        """Return a denial where ``amount`` more of ``resource`` is over the limit.

        The workspace's lock row is held until the commit: two reservations at once count one
        after the other, and the second sees what the first created.
        """
        limit = self._limit(resource)
        if limit is None:
            return None
        self._lock()
        used = self._desk.application.resources[resource](self._desk)
        if used + amount <= limit:
            return None
        return Denial(current_plan=self._plan.name, limit=limit)

    def entitlements(self) -> Entitlements:
        """Return plan, features and limits with the workspace's overrides."""
        features = {name: self._plan.includes(name) for name in self._catalogue.features()}
        limits = dict(self._plan.limits)
        for override in self._desk.session.execute(select(PlanOverride)).scalars():
            if override.kind == "feature":
                features[override.name] = bool(override.amount)
            else:
                limits[override.name] = override.amount
        return Entitlements(plan=self._plan.name, features=features, limits=limits)

    def _limit(self, resource: str) -> int | None:
        override = self._override("limit", resource)
        return override[0].amount if override else self._plan.limits.get(resource)

    def _override(self, kind: str, name: str) -> Sequence[Any]:
        """Return the override, or nothing."""
        return self._desk.session.fetch(_OVERRIDE, {"kind": kind, "name": name})

    def _lock(self) -> None:
        # Writes even when the row is there: an INSERT that does nothing would lock nothing.
        self._desk.session.execute(
            upsert(self._desk.session, PlanLock, keys=("workspace_id",), touch=True),
            {"workspace_id": self._desk.workspace_id},
        )

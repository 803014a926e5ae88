"""What the workspace's plan allows; without an entitlement plugin, everything."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import LimitExceeded
from ..identity import Entitlements

if TYPE_CHECKING:
    from ..desk import Desk
    from ..identity import Denial


class EntitlementService:
    """Asks the entitlement plugins; any denial wins."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def denial(self, feature: str) -> Denial | None:
        """Return why the plan denies ``feature``, or None."""
        answers = self._desk.hook.support_check_feature(
            workspace=self._desk.workspace, feature=feature, desk=self._desk
        )
        return answers[0] if answers else None

    def reserve(self, resource: str, amount: int = 1) -> None:
        """Make room for ``amount`` more of ``resource`` until this transaction ends.

        Raises ``LimitExceeded`` with the reference's fields.
        """
        answers: list[Denial] = self._desk.hook.support_reserve(
            workspace=self._desk.workspace, resource=resource, amount=amount, desk=self._desk
        )
        if answers:
            raise LimitExceeded(
                resource=resource, limit=answers[0].limit, current_plan=answers[0].current_plan
            )

    def describe(self) -> dict[str, Any]:
        """Return plan, features, and each limit with its use."""
        answer: Entitlements | None = self._desk.hook.support_entitlements(
            workspace=self._desk.workspace, desk=self._desk
        )
        plan = answer or Entitlements(plan=self._desk.workspace.plan)
        resources = self._desk.application.resources
        return {
            "plan": plan.plan,
            "features": plan.features,
            "limits": {
                name: {"limit": plan.limits.get(name), "used": resources[name](self._desk)}
                for name in sorted(resources)
            },
        }

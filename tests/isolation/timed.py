"""Business hours, a policy that goes by them, and how far it has come."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from support_core.testing import TestWorkspace


def add_service_levels(workspace: TestWorkspace) -> dict[str, int]:
    """Add a policy that is due in a year, and hours that no policy goes by; returns ids."""
    owner = workspace.owner
    hours, spare = (
        owner.post("/business-hours", {"name": name, "always_open": True}).json["data"]["id"]
        for name in ("Always", "Nobody's")
    )
    policy = owner.post(
        "/sla-policies",
        {
            "name": "In a year",
            "targets": {"normal": {"resolution": 525_600}},
            "business_hours_id": hours,
        },
    )
    recomputed = owner.get("/sla-recomputations").json["data"]
    return {
        "business_hours": spare,
        "sla_policy": policy.json["data"]["id"],
        "sla_recomputation": recomputed[0]["id"],
    }

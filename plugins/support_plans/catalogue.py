"""The plans: those that ship, changed and added to by the configuration."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from support_core.plugin_api import ConfigurationError, Setting

if TYPE_CHECKING:
    from support_core.plugin_api import Settings

#: Stands for every feature, those that later plugins bring too.
ALL = "*"

SETTINGS = (
    Setting(
        "support.plans.default",
        "text",
        "free",
        "The plan of a workspace that names none, or one that is not configured.",
    ),
    Setting(
        "support.plans.*.features",
        "words",
        "",
        "The features of a plan, or * for all of them.",
    ),
    Setting(
        "support.plans.*.limits.*",
        "limit",
        "unlimited",
        "How much of a resource a plan allows: a whole number, or unlimited.",
    ),
)


@dataclass
class Plan:
    """A plan: its features, and its limits by resource; a missing limit is none."""

    name: str
    features: frozenset[str] = frozenset()
    limits: dict[str, int | None] = field(default_factory=dict)

    def includes(self, feature: str) -> bool:
        """Tell whether the plan includes ``feature``."""
        return ALL in self.features or feature in self.features


def shipped() -> dict[str, Plan]:
    """Return the plans that ship, by name."""
    small: dict[str, int | None] = {"mailboxes": 1, "widgets": 1, "whatsapp_accounts": 0}
    plans = (
        Plan(
            "free",
            frozenset({"chat_widget"}),
            {**small, "agents": 2, "storage_mb": 100, "conversations_per_month": 100},
        ),
        Plan(
            "starter",
            frozenset({"api_access", "chat_widget"}),
            {**small, "agents": 5, "storage_mb": 2000},
        ),
        Plan("pro", frozenset({ALL})),
        Plan("enterprise", frozenset({ALL})),
    )
    return {plan.name: plan for plan in plans}


@dataclass(frozen=True)
class Catalogue:
    """Every plan by name, and which one stands in for an unknown one."""

    plans: dict[str, Plan]
    default: str

    @classmethod
    def from_settings(cls, settings: Settings) -> Catalogue:
        """Read the configuration; raises ``ConfigurationError`` for a default that is no plan."""
        plans = shipped()
        for name, value in settings.family("support.plans.*.*").items():
            plan_name, _, rest = name.removeprefix("support.plans.").partition(".")
            plan = plans.setdefault(plan_name, Plan(plan_name))
            if rest == "features":
                plan.features = frozenset(value)
            else:
                plan.limits[rest.removeprefix("limits.")] = value
        default: str = settings["support.plans.default"]
        if default not in plans:
            raise ConfigurationError(
                f"support.plans.default: {default!r} is no plan; say one of: "
                f"{', '.join(sorted(plans))}."
            )
        return cls(plans, default)

    def plan(self, name: str | None) -> Plan:
        """Return the plan of this name, else the default one."""
        return self.plans.get(name or "") or self.plans[self.default]

    def features(self) -> list[str]:
        """Return every feature that some plan or gate names."""
        named = {feature for plan in self.plans.values() for feature in plan.features}
        return sorted(named - {ALL})

"""The plugin's settings."""

from __future__ import annotations

from support_core.plugin_api import Setting

BATCH = "support.sla.batch"

SETTINGS = (
    Setting(
        BATCH,
        "count",
        "100",
        "Conversations that are reckoned in one transaction: after a change of rules, by a "
        "rebuild, and where turning points of many fall together.",
    ),
)

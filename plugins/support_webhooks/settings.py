"""The plugin's settings."""

from __future__ import annotations

from support_core.plugin_api import Setting

ROTATION_HOURS = "support.webhooks.rotation_hours"
DISABLE_DAYS = "support.webhooks.disable_days"
LOG_DAYS = "support.webhooks.log_days"
CONCURRENCY = "support.webhooks.concurrency"

SETTINGS = (
    Setting(
        ROTATION_HOURS,
        "count",
        "24",
        "Hours for which messages are signed with a replaced secret too.",
    ),
    Setting(
        DISABLE_DAYS,
        "count",
        "5",
        "Days without any success after which a failing webhook is disabled.",
    ),
    Setting(
        LOG_DAYS,
        "count",
        "30",
        "Days for which deliveries that are over stay in the log of a webhook.",
    ),
    Setting(
        CONCURRENCY,
        "count",
        "8",
        "Messages that are sent to one webhook at a time; those of one conversation follow "
        "each other.",
    ),
)

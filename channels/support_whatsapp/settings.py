"""The channel's settings in the host's ini."""

from __future__ import annotations

from support_core.plugin_api import Setting

GRAPH_URL = "support.whatsapp.graph_url"
GRAPH_VERSION = "support.whatsapp.graph_version"
MEDIA_HOSTS = "support.whatsapp.media_hosts"
TIMEOUT = "support.whatsapp.timeout"
MEDIA_TIMEOUT = "support.whatsapp.media_timeout"
GIVE_UP_HOURS = "support.whatsapp.give_up_hours"
READ_RECEIPTS = "support.whatsapp.read_receipts"
KEEP_DAYS = "support.whatsapp.keep_days"

SETTINGS = (
    Setting(
        GRAPH_URL,
        "text",
        "https://graph.facebook.com",
        "The address of Meta's Graph API, without a version.",
    ),
    Setting(GRAPH_VERSION, "text", "v24.0", "The version of the Graph API that is called."),
    Setting(
        MEDIA_HOSTS,
        "words",
        "fbsbx.com facebook.com fbcdn.net whatsapp.net",
        "Hosts, with all below them, that files may be fetched from with an account's token, "
        "besides the Graph API's own.",
    ),
    Setting(TIMEOUT, "seconds", "20", "Seconds that a call of the Graph API may take."),
    Setting(MEDIA_TIMEOUT, "seconds", "120", "Seconds that a file may take, to or from WhatsApp."),
    Setting(
        GIVE_UP_HOURS,
        "count",
        "24",
        "Hours for which a reply is tried again while WhatsApp refuses it for the moment.",
    ),
    Setting(
        READ_RECEIPTS,
        "flag",
        "true",
        "Whether customers see that their messages were read, once an agent answers them.",
    ),
    Setting(
        KEEP_DAYS,
        "count",
        "30",
        "Days for which webhooks are kept as they came; at least 8, since Meta repeats them for 7.",
    ),
    Setting(
        "support.ratelimit.whatsapp-test", "rate", "10/minute", "POST /whatsapp/accounts/{id}/test."
    ),
)

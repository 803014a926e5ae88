"""The plugin's settings."""

from __future__ import annotations

from support_core.plugin_api import Setting

URL = "support.nchan.url"
SECRET = "support.nchan.secret"  # noqa: S105 - the name of a setting
LOCATION = "support.nchan.location"
HOURS = "support.nchan.hours"
BUFFER = "support.nchan.buffer"
RECHECK = "support.nchan.recheck"

SETTINGS = (
    Setting(
        URL,
        "text",
        "http://127.0.0.1:6545",
        "Where nginx takes what is to be published: the server of nchan.conf.",
    ),
    Setting(
        SECRET,
        "text",
        "",
        "What nginx asks for before it publishes; the same as in nchan.conf.",
        secret=True,
    ),
    Setting(
        LOCATION,
        "text",
        "/support-core/nchan/subscribe",
        "The internal location of nginx that serves the streams.",
    ),
    Setting(
        HOURS,
        "count",
        "14",
        "Hours for which nchan keeps events for clients that were away; nchan.conf says the same.",
    ),
    Setting(
        BUFFER,
        "count",
        "10000",
        "Events that nchan keeps of one channel at most; nchan.conf says the same.",
    ),
    Setting(
        RECHECK,
        "count",
        "5",
        "Minutes after which a stream is cut, so that its client comes back and is authorised "
        "anew; what takes access away cuts it at once.",
    ),
)

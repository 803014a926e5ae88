"""The channel's settings in the host's ini."""

from __future__ import annotations

from support_core.plugin_api import Setting

API_URL = "support.sms.api_url"
STOP_WORDS = "support.sms.stop_words"

SETTINGS = (
    Setting(API_URL, "text", "", "Textline's API, such as https://api.textline.example/v1."),
    Setting(
        STOP_WORDS,
        "words",
        "STOP UNSUBSCRIBE",
        "Texts by which a customer asks for no more messages; START takes it back.",
    ),
)

"""The channel's settings in the host's ini."""

from __future__ import annotations

from support_core.plugin_api import Setting

SESSION_TIMEOUT = "support.chat.session_timeout"
ATTACHMENT_BYTES = "support.chat.attachment_max_bytes"
ATTACHMENT_TYPES = "support.chat.attachment_types"
ATTACHMENTS = "support.chat.attachments"
STREAMS = "support.chat.streams_per_visitor"
POLL = "support.chat.poll"
MAIL_AFTER = "support.chat.mail_after"
ROTATION_HOURS = "support.chat.rotation_hours"
VISITOR_DAYS = "support.chat.visitor_days"
DEMO = "support.chat.demo"

RATE = "support.ratelimit."

SETTINGS = (
    Setting(
        SESSION_TIMEOUT,
        "count",
        "30",
        "Minutes after its last message in which a chat counts as active when a page is opened.",
    ),
    Setting(
        ATTACHMENT_BYTES,
        "bytes",
        "10MiB",
        "The largest file a visitor may send; support.upload.max_bytes holds as well.",
    ),
    Setting(
        ATTACHMENT_TYPES,
        "words",
        "image/png image/jpeg image/gif image/webp application/pdf text/plain text/csv "
        "application/zip",
        "Types of files that visitors may send; image/* stands for all images, */* for any file.",
    ),
    Setting(ATTACHMENTS, "count", "5", "Files that one message of a visitor may have."),
    Setting(
        STREAMS,
        "count",
        "10",
        "Streams that one visitor may hold open in a process: one for each tab.",
    ),
    Setting(
        POLL, "seconds", "5", "Seconds between two looks of a widget that cannot hold a stream."
    ),
    Setting(
        MAIL_AFTER,
        "seconds",
        "300",
        "Seconds after an agent's last message until what the visitor has not read goes out by "
        "mail, in one mail; needs a channel that sends mail.",
    ),
    Setting(
        ROTATION_HOURS,
        "count",
        "24",
        "Hours for which a widget's replaced hmac secret proves visitors too, unless it is "
        "replaced again.",
    ),
    Setting(
        VISITOR_DAYS,
        "count",
        "30",
        "Days after their last visit for which visitors who never wrote are kept.",
    ),
    Setting(
        DEMO,
        "flag",
        "false",
        "Serve GET /chat/demo, a page with the widget of the demo workspace; support-core dev does "
        "anyway.",
    ),
    Setting(
        RATE + "chat-init",
        "rate",
        "60/minute",
        "POST /chat/init: new visitors per widget and address, known ones each.",
    ),
    Setting(RATE + "chat-start", "rate", "10/minute", "POST /chat/start, per visitor."),
    Setting(RATE + "chat-message", "rate", "30/minute", "POST /chat/message, per visitor."),
    Setting(RATE + "chat-typing", "rate", "120/minute", "POST /chat/typing, per visitor."),
    Setting(
        RATE + "chat-read",
        "rate",
        "240/minute",
        "GET /chat/history and downloads, POST /chat/read and /chat/visit, GET /chat/stream: per "
        "visitor, together.",
    ),
    Setting(RATE + "chat-upload", "rate", "20/minute", "POST /chat/attachments, per visitor."),
    Setting(
        RATE + "chat-address",
        "rate",
        "1200/minute",
        "All calls under /chat of one widget from one address, which a whole office may share.",
    ),
    Setting(
        RATE + "chat-guess",
        "rate",
        "20/minute",
        "Unknown widget tokens, contacts and signatures, per address; who knows theirs goes on.",
    ),
)

"""The channel's settings in the host's ini."""

from __future__ import annotations

from support_core.plugin_api import Setting

MAX_BYTES = "support.email.max_bytes"
POLL = "support.email.poll"
TIMEOUT = "support.email.timeout"
CA_FILE = "support.email.ca_file"
GIVE_UP_DAYS = "support.email.give_up_days"
ANSWERS_PER_DAY = "support.email.answers_per_day"
KEEP_DAYS = "support.email.keep_days"
READING_PROCESS = "support.email.reading_process"

SETTINGS = (
    Setting(
        MAX_BYTES,
        "bytes",
        "40MiB",
        "The largest mail that is fetched whole; of a larger one the headers are filed, with a "
        "note.",
    ),
    Setting(
        POLL,
        "seconds",
        "60",
        "Seconds between two looks into a mailbox whose server cannot announce mail (IMAP IDLE).",
    ),
    Setting(
        TIMEOUT,
        "seconds",
        "60",
        "Seconds a mail server may take for a single answer.",
    ),
    Setting(
        CA_FILE,
        "text",
        "",
        "A PEM file of certificate authorities that mail servers may have besides the system's.",
    ),
    Setting(
        GIVE_UP_DAYS,
        "count",
        "4",
        "Days for which a reply is tried again while its server refuses for the moment "
        "(RFC 5321 section 4.5.4.1).",
    ),
    Setting(
        ANSWERS_PER_DAY,
        "count",
        "1",
        "Automatic answers that one sender is given by a mailbox in a day (RFC 3834 section 2).",
    ),
    Setting(
        KEEP_DAYS,
        "count",
        "365",
        "Days for which raw mails are kept; those in quarantine stay until they are replayed.",
    ),
    Setting(
        READING_PROCESS,
        "flag",
        "true",
        "Read mails in a process of its own (about 35 MiB) while many of them wait.",
    ),
    Setting("support.ratelimit.imap-test", "rate", "5/minute", "POST /mailboxes/{id}/test-imap."),
    Setting("support.ratelimit.smtp-test", "rate", "5/minute", "POST /mailboxes/{id}/test-smtp."),
)

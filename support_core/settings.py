"""The host's configuration: every setting declared once, checked at start, read with its type.

A setting that nobody declared, or a value that cannot be used, stops the start with one sentence
that names the setting and says what to do. Plugins declare theirs with ``support_settings_schema``.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from .setting_kinds import KINDS, ConfigurationError, flag

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["CORE_SETTINGS", "ConfigurationError", "Setting", "Settings", "flag"]


@dataclass(frozen=True)
class Setting:
    """One declared setting.

    ``name`` may hold one ``*`` for a family of settings. ``kind`` is a key of
    :data:`support_core.setting_kinds.KINDS`. ``default`` is written as in the ini.
    """

    name: str
    kind: str
    default: str
    doc: str
    secret: bool = False


CORE_SETTINGS: tuple[Setting, ...] = (
    Setting(
        "support.plugins",
        "words",
        "api plans webhooks",
        "The plugins to enable, by entry-point name; installed is not enabled.",
    ),
    Setting(
        "sqlalchemy.url",
        "text",
        "",
        "The database: sqlite:///%(here)s/var/support.sqlite or "
        "postgresql+psycopg://user:password@host/name.",
        secret=True,
    ),
    Setting(
        "support.database.pool_size",
        "count",
        "10",
        "Connections kept open per process; as many again may open under load.",
    ),
    Setting(
        "support.sqlite.synchronous",
        "choice:full,normal,off",
        "full",
        "SQLite only. full: a commit survives a power cut; normal: it survives a crash of the "
        "process; off: for throw-away data.",
    ),
    Setting(
        "support.keys",
        "words",
        "",
        "Fernet keys for secrets at rest, the newest first; overrides support.keys_file.",
        secret=True,
    ),
    Setting(
        "support.keys_file",
        "text",
        "",
        "A file of Fernet keys, one a line, the newest first; support-core creates it.",
    ),
    Setting(
        "support.public_url",
        "text",
        "",
        "The desk's address as clients see it, for links; empty takes the request's own host.",
    ),
    Setting(
        "support.broker",
        "broker",
        "embedded",
        "How background jobs reach their workers. embedded: by the database alone; "
        "amqp://user:password@host/vhost: by RabbitMQ; redis://:password@host/number: by Redis.",
        secret=True,
    ),
    Setting(
        "support.workers",
        "count0",
        "4",
        "Worker threads in the serving process; 0 leaves all jobs to support-core worker.",
    ),
    Setting(
        "support.jobs.lease",
        "seconds",
        "60",
        "Seconds without a sign of life after which a job is taken from its worker.",
    ),
    Setting(
        "support.jobs.window",
        "count",
        "128",
        "Jobs of one queue that RabbitMQ or Redis is told of at a time; the others wait in the "
        "database, where workspaces take turns.",
    ),
    Setting(
        "support.blobs.path",
        "text",
        "",
        "Where attachments' contents lie: a folder, or s3://bucket/prefix; back it up together "
        "with the database.",
    ),
    Setting(
        "support.blobs.s3.endpoint",
        "text",
        "",
        "The address of a bucket's server that is not Amazon's, such as https://s3.example.com.",
    ),
    Setting(
        "support.blobs.s3.region", "text", "", "The bucket's region; empty takes the environment's."
    ),
    Setting(
        "support.blobs.s3.access_key",
        "text",
        "",
        "The id of the bucket's access key; empty searches the environment and the machine's role.",
    ),
    Setting(
        "support.blobs.s3.secret_key",
        "text",
        "",
        "The secret of the bucket's access key.",
        secret=True,
    ),
    Setting(
        "support.request.max_bytes",
        "bytes",
        "1MiB",
        "The largest body of a request, uploads aside; larger ones are answered 413.",
    ),
    Setting(
        "support.upload.max_bytes",
        "bytes",
        "25MiB",
        "The largest attachment.",
    ),
    Setting(
        "support.session.lifetime",
        "seconds",
        "1209600",
        "Seconds after which a login ends.",
    ),
    Setting(
        "support.session.secure",
        "choice:auto,always,never",
        "auto",
        "Whether the login cookie is for https only; auto decides by the request's scheme.",
    ),
    Setting(
        "support.outgoing.allowed_networks",
        "words",
        "",
        "Private networks that webhooks and other outgoing calls may reach, as CIDR blocks. "
        "Without them every private, loopback and link-local address is refused.",
    ),
    Setting(
        "support.outgoing.timeout",
        "seconds",
        "20",
        "Seconds an outgoing call may take in all.",
    ),
    Setting(
        "support.idempotency.hours",
        "count",
        "24",
        "Hours for which the answer to an Idempotency-Key is kept.",
    ),
    Setting(
        "support.events.days",
        "count",
        "90",
        "Days for which the event log is kept.",
    ),
    Setting(
        "support.bus",
        "text",
        "memory",
        "How processes tell each other what was committed, for live events. memory: within one "
        "process; postgresql: over the database (LISTEN/NOTIFY); redis://host:port/db.",
        secret=True,
    ),
    Setting(
        "support.bus.namespace",
        "text",
        "support",
        "What our channels on Redis begin with; desks that share a Redis each need their own.",
    ),
    Setting(
        "support.streams.max",
        "count",
        "20000",
        "Streams that one process holds open at most; one more is answered 503.",
    ),
    Setting(
        "support.streams.per_caller",
        "count",
        "20",
        "Streams of one token or login at most, per process; one more is answered 429.",
    ),
    Setting(
        "support.streams.heartbeat",
        "seconds",
        "15",
        "Seconds between two signs of life on a quiet stream; fewer than a proxy's patience.",
    ),
    Setting(
        "support.streams.poll",
        "seconds",
        "5",
        "Seconds after which a process with streams looks into the log without being told to.",
    ),
    Setting(
        "support.ratelimit.enabled",
        "flag",
        "true",
        "Whether requests are limited at all.",
    ),
    Setting(
        "support.ratelimit.storage",
        "text",
        "memory://",
        "Where counts live: memory:// (per process) or redis://host:port/db (shared).",
    ),
    Setting(
        "support.ratelimit.general",
        "rate",
        "60/minute",
        "Requests of one token or session; off switches a limit off.",
    ),
    Setting("support.ratelimit.mailbox-creation", "rate", "10/minute", "POST /mailboxes."),
    Setting("support.ratelimit.mailbox-update", "rate", "30/minute", "PUT /mailboxes/{id}."),
    Setting("support.ratelimit.conversation-creation", "rate", "20/minute", "POST /conversations."),
    Setting(
        "support.ratelimit.conversation-reply",
        "rate",
        "30/minute",
        "POST /conversations/{id}/reply and /messages.",
    ),
    Setting(
        "support.ratelimit.login",
        "rate",
        "10/minute",
        "Attempts to log in, per e-mail address and per client address.",
    ),
    Setting(
        "support.metrics.token",
        "text",
        "",
        "The bearer token GET /metrics asks for; empty leaves it open.",
        secret=True,
    ),
    Setting(
        "support.log.format",
        "choice:console,json",
        "json",
        "How log lines are written.",
    ),
    Setting(
        "support.log.level",
        "choice:debug,info,warning,error",
        "info",
        "The least level that is logged.",
    ),
)


class Settings:
    """The checked configuration, read by name with a type.

    Raises :class:`ConfigurationError` at construction for an unknown name or an unusable value.
    """

    def __init__(self, raw: Mapping[str, str], declared: Iterable[Setting]) -> None:
        self.declared = tuple(declared)
        self._plain = _by_name(self.declared)
        self._families = [setting for setting in self.declared if "*" in setting.name]
        self._values: dict[str, Any] = {}
        for setting in self.declared:
            if "*" not in setting.name:
                self._values[setting.name] = _parse(
                    setting.name, setting, raw.get(setting.name, setting.default)
                )
        for name, text in raw.items():
            if name.startswith("support.") and name not in self._plain:
                self._values[name] = _parse(name, self._family(name), text)

    def _family(self, name: str) -> Setting:
        for setting in self._families:
            if fnmatchcase(name, setting.name):
                return setting
        close = difflib.get_close_matches(name, self._plain, n=1, cutoff=0.8)
        remedy = (
            f"Did you mean {close[0]}?"
            if close
            else "Take it out, or enable the plugin it belongs to in support.plugins."
        )
        raise ConfigurationError(
            f"{name} is not a setting of support-core or of an enabled plugin. {remedy}"
        )

    def __getitem__(self, name: str) -> Any:
        """Return the parsed value; raises ``KeyError`` for a name nobody declared."""
        return self._values[name]

    def get(self, name: str, default: Any = None) -> Any:
        """Return the parsed value of a setting that need not be given (a family's member)."""
        return self._values.get(name, default)

    def family(self, pattern: str) -> dict[str, Any]:
        """Return what was given of a family such as ``support.plans.*``."""
        return {name: value for name, value in self._values.items() if fnmatchcase(name, pattern)}


def _by_name(declared: Iterable[Setting]) -> dict[str, Setting]:
    plain: dict[str, Setting] = {}
    for setting in declared:
        if setting.name in plain:
            raise ConfigurationError(
                f"The setting {setting.name} is declared twice; take one of the plugins that "
                "declare it out of support.plugins."
            )
        plain[setting.name] = setting
    return plain


def _parse(name: str, setting: Setting, text: str) -> Any:
    kind, _, argument = setting.kind.partition(":")
    try:
        return KINDS[kind](text.strip(), argument)
    except ValueError as error:
        shown = "its value" if setting.secret else repr(text)
        raise ConfigurationError(f"{name}: {shown} cannot be used; {error}.") from None

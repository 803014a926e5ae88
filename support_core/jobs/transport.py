"""What lies between the ``jobs`` table and workers on other machines: a RabbitMQ or a Redis.

Both are Dramatiq's own brokers, used for nothing but carrying messages: actors, middleware,
retries and delays belong to the application's broker, and what a message stands for to the table.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol
from urllib.parse import unquote, urlsplit

from ..settings import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from dramatiq import Message
    from dramatiq.broker import MessageProxy


class TransportDown(Exception):
    """The broker's server does not answer, or not as it should; the message says how."""


class Inbox(Protocol):
    """Messages of one queue, for one consumer. Every method raises :class:`TransportDown`."""

    def receive(self, count: int, *, timeout: float) -> Sequence[MessageProxy]:
        """Return up to ``count`` messages, none when there were none for ``timeout`` seconds."""

    def acknowledge(self, messages: Iterable[MessageProxy]) -> None:
        """Have the server forget messages, which are somebody's claims now or nobody's."""

    def nudge(self) -> None:
        """Have a waiting :meth:`receive` look at once; callable from any thread."""

    def close(self) -> None:
        """Give back what was received and not acknowledged; raises nothing."""


class Transport(Protocol):
    """One server. Methods that talk to it raise :class:`TransportDown`."""

    #: What people call it.
    name: str

    def incarnation(self) -> str:
        """Ask the server who it is; another answer means that it may have lost messages."""

    def check(self) -> None:
        """Connect anew and disconnect, for somebody who wants to know."""

    def publish(self, messages: Sequence[Message[None]]) -> None:
        """Have the server take messages of one queue; where it fails, any of them may be there."""

    def depth(self, queue: str) -> int:
        """Return how many messages wait in a queue."""

    def inbox(self, queue: str, *, timeout: float) -> Inbox:
        """Return a queue's inbox; ``timeout`` is the longest one :meth:`Inbox.receive` is given."""

    def leave(self) -> None:
        """Close what belongs to the calling thread."""

    def close(self) -> None:
        """Close every connection."""


class Schemes(NamedTuple):
    """The schemes of one kind of server, and the extra that installs its client."""

    schemes: Collection[str]
    name: str
    extra: str


KINDS = (
    Schemes({"amqp", "amqps"}, "RabbitMQ", "rabbitmq"),
    Schemes({"redis", "rediss"}, "Redis", "redis"),
)


def connect(url: str) -> Transport:
    """Return the transport of ``support.broker``; connects to nothing yet.

    Raises :class:`~support_core.settings.ConfigurationError` where its client is not installed.
    """
    scheme = urlsplit(url).scheme
    kind = next(kind for kind in KINDS if scheme in kind.schemes)
    try:
        if kind.extra == "redis":
            from .redis_transport import RedisTransport  # noqa: PLC0415 - optional

            return RedisTransport(url)
        from .rabbitmq_transport import RabbitmqTransport  # noqa: PLC0415 - optional

        return RabbitmqTransport(url)
    except ImportError:
        raise ConfigurationError(
            f"support.broker names {kind.name}, whose client is not installed: "
            f"pip install 'support-core[{kind.extra}]'."
        ) from None
    except (ValueError, TypeError) as error:
        raise ConfigurationError(
            f"support.broker: {shown(url)} cannot be used ({clean(error, url)})."
        ) from None


def shown(url: str) -> str:
    """Return a broker's URL as people may see it: without password and options."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    user = (parts.username or "") + (":***" if parts.password else "")
    return f"{parts.scheme}://{user}{'@' if user else ''}{host}{parts.path}"


def clean(error: BaseException, url: str) -> str:
    """Return what an error says, in one line that never holds the URL's password."""
    said = [str(each).strip() for each in (error, *error.args) if str(each).strip()]
    line = next(iter(said), "") or type(error).__name__
    password = urlsplit(url).password
    line = " ".join(line.split())[:200]
    for secret in (password, unquote(password)) if password else ():
        line = line.replace(secret, "***")
    return line

"""Messages by Redis: Dramatiq's own RedisBroker as a carrier."""

from __future__ import annotations

import time
from contextlib import contextmanager
from threading import Event
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import parse_qsl, urlencode, urlsplit

import redis
from dramatiq.brokers.redis import RedisBroker
from dramatiq.errors import ConnectionClosed, DecodeError
from redis.exceptions import NoPermissionError

from .transport import TransportDown, clean

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from dramatiq import Message
    from dramatiq.broker import MessageProxy

#: Prefix of our keys, unless the URL says ?namespace=….
NAMESPACE = "support"

#: Milliseconds after which a silent worker's messages are given to others, and how many of a
#: million commands look for such: with Dramatiq's own numbers a quiet desk waits for minutes.
HEARTBEAT_TIMEOUT = 15_000
MAINTENANCE_CHANCE = 50_000

#: Seconds for one answer, and between two looks into an empty queue: at first and at most.
PATIENCE = 5.0
FIRST_PAUSE, LONGEST_PAUSE = 0.005, 0.1

_TROUBLE = (redis.RedisError, ConnectionClosed, OSError)


class RedisTransport:
    """A Redis server; see :class:`support_core.jobs.transport.Transport`."""

    name = "Redis"

    def __init__(self, url: str) -> None:
        self._url = url
        self._address, namespace = _split(url)
        self._client = self._new_client()
        self._client.connection_pool.make_connection()  # connects to nothing, but reads the URL
        self._broker = _broker(self._client, namespace)

    def incarnation(self) -> str:
        """Return the id that a Redis gives itself when it starts."""
        try:
            return str(self._client.info("server")["run_id"])
        except NoPermissionError:
            return str(self._ping())
        except _TROUBLE as error:
            self._down(error)

    def check(self) -> None:
        """See :meth:`Transport.check`."""
        client = self._new_client()
        try:
            client.ping()
        except _TROUBLE as error:
            self._down(error)
        finally:
            client.close()

    def publish(self, messages: Sequence[Message[None]]) -> None:
        """See :meth:`Transport.publish`."""
        try:
            with _at_once(self._broker) as broker:
                for message in messages:
                    broker.enqueue(message)
        except _TROUBLE as error:
            self._down(error)

    def depth(self, queue: str) -> int:
        """See :meth:`Transport.depth`."""
        try:
            length: Any = self._client.llen(f"{self._broker.namespace}:{queue}")
        except _TROUBLE as error:
            self._down(error)
        return int(length)

    def inbox(self, queue: str, *, timeout: float) -> RedisInbox:  # noqa: ARG002 - polls anyway
        """See :meth:`Transport.inbox`."""
        return RedisInbox(self._broker, queue, self._down)

    def leave(self) -> None:
        """Do nothing: connections belong to no thread."""

    def close(self) -> None:
        """Close every connection."""
        self._client.close()

    def _new_client(self) -> Any:
        return redis.Redis.from_url(
            self._address, socket_timeout=PATIENCE, socket_connect_timeout=PATIENCE
        )

    def _ping(self) -> bool:
        try:
            return bool(self._client.ping())
        except _TROUBLE as error:
            self._down(error)

    def _down(self, error: Exception) -> NoReturn:
        raise TransportDown(clean(error, self._url)) from error


class RedisInbox:
    """One queue of a Redis. Nobody can be waited for there, so it looks again and again."""

    def __init__(self, broker: RedisBroker, queue: str, down: Any) -> None:
        self._consumer = broker.consume(queue, prefetch=1, timeout=0)
        self._down = down
        self._nudged = Event()
        self._pause = FIRST_PAUSE
        self._held: dict[str, MessageProxy] = {}

    def receive(self, count: int, *, timeout: float) -> Sequence[MessageProxy]:
        """See :meth:`Inbox.receive`."""
        deadline = time.monotonic() + timeout
        while True:
            self._nudged.clear()
            found = self._fetch(count)
            if found:
                self._pause = FIRST_PAUSE
                return found
            left = deadline - time.monotonic()
            if left <= 0:
                return []
            self._nudged.wait(min(left, self._pause))
            self._pause = min(LONGEST_PAUSE, self._pause * 1.5)

    def acknowledge(self, messages: Iterable[MessageProxy]) -> None:
        """See :meth:`Inbox.acknowledge`."""
        consumer: Any = self._consumer
        try:
            with _at_once(consumer.broker) as broker:
                for message in messages:
                    self._held.pop(message.options["redis_message_id"], None)
                    consumer.queued_message_ids.discard(message.message_id)
                    broker.do_ack(consumer.queue_name, message.options["redis_message_id"])
        except _TROUBLE as error:
            self._down(error)

    def nudge(self) -> None:
        """See :meth:`Inbox.nudge`."""
        self._pause = FIRST_PAUSE
        self._nudged.set()

    def close(self) -> None:
        """See :meth:`Inbox.close`."""
        try:
            self._consumer.requeue(self._held.values())
        except _TROUBLE:
            return  # its heartbeat ends with it, and the server gives them to others

    def _fetch(self, count: int) -> list[MessageProxy]:
        consumer: Any = self._consumer
        consumer.prefetch = consumer.outstanding_message_count + count
        found: list[MessageProxy] = []
        try:
            while True:
                message = self._next()
                if message is not None:
                    found.append(message)
                if not consumer.message_cache:
                    break
        except _TROUBLE as error:
            self._down(error)
        self._held.update({message.options["redis_message_id"]: message for message in found})
        return found

    def _next(self) -> MessageProxy | None:
        try:
            return next(self._consumer)
        except DecodeError:
            return None  # nothing of ours


def _broker(client: Any, namespace: str) -> Any:
    return RedisBroker(  # type: ignore[no-untyped-call]
        client=client,
        namespace=namespace,
        middleware=[],
        heartbeat_timeout=HEARTBEAT_TIMEOUT,
        maintenance_chance=MAINTENANCE_CHANCE,
    )


@contextmanager
def _at_once(broker: Any) -> Iterator[Any]:
    """Yield the same broker on a pipeline: its commands go together, with one answer for all."""
    # Asked for once in a process, and a pipeline has no answers yet.
    broker._max_unpack_size()  # noqa: SLF001
    with broker.client.pipeline(transaction=False) as pipeline:
        piped = _broker(pipeline, broker.namespace)
        piped.broker_id = broker.broker_id
        yield piped
        pipeline.execute()


def _split(url: str) -> tuple[str, str]:
    """Return the address for the client, and the namespace, which is our own option.

    Raises ``ValueError`` for a database that is no number, which the client would take for 0.
    """
    parts = urlsplit(url)
    if not parts.path.strip("/").isdecimal() and parts.path.strip("/"):
        raise ValueError("after the host comes the number of a database")
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    namespace = options.pop("namespace", "") or NAMESPACE
    return parts._replace(query=urlencode(options)).geturl(), namespace

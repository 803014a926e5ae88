"""Messages by RabbitMQ: Dramatiq's own RabbitmqBroker as a carrier."""

from __future__ import annotations

import contextlib
import logging
from itertools import count as numbers
from threading import local
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import parse_qsl, urlencode, urlsplit

import pika
from dramatiq.brokers.rabbitmq import RabbitmqBroker
from dramatiq.errors import ConnectionClosed
from pika.exceptions import AMQPError

from .transport import TransportDown, clean

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from dramatiq import Message
    from dramatiq.broker import MessageProxy

#: Messages that one consumer may hold unacknowledged.
PREFETCH = 32

#: How long a connection waits, in seconds, where the URL does not say.
PATIENCE = {
    "socket_timeout": "5",
    "stack_timeout": "10",
    "blocked_connection_timeout": "10",
    "connection_attempts": "1",
    "heartbeat": "30",
}

_PERSISTENT = pika.BasicProperties(delivery_mode=2)

#: Pika meets connections that end in the middle with assertions and empty queues as well.
_TROUBLE = (AMQPError, ConnectionClosed, OSError, AssertionError, IndexError, AttributeError)


class RabbitmqTransport:
    """A RabbitMQ server; see :class:`support_core.jobs.transport.Transport`.

    Queues are durable. The first message of a batch is confirmed, by which a queue is noticed that
    is not there; what a server loses of the others with its connection is handed to it again.
    """

    name = "RabbitMQ"

    def __init__(self, url: str) -> None:
        self._url = url
        self._here = local()
        self._numbers = numbers(1)
        self._broker = RabbitmqBroker(url=_patient(url), confirm_delivery=True, middleware=[])
        # What goes wrong is said once, by the relay.
        logging.getLogger("pika").setLevel(logging.CRITICAL)
        logging.getLogger("dramatiq.brokers.rabbitmq").setLevel(logging.CRITICAL)

    def incarnation(self) -> str:
        """Return the name of the calling thread's connection, which a restart ends."""
        try:
            self._broker.connection.process_data_events(0)
        except _TROUBLE:
            self.leave()  # it may only have been idle for too long
        try:
            connection = self._broker.connection
            connection.process_data_events(0)
        except _TROUBLE as error:
            self._down(error)
        if getattr(self._here, "connection", None) is not connection:
            self._here.connection = connection
            self._here.number = next(self._numbers)
        return str(self._here.number)

    def check(self) -> None:
        """See :meth:`Transport.check`."""
        try:
            pika.BlockingConnection(self._broker.parameters).close()
        except _TROUBLE as error:
            self._down(error)

    def publish(self, messages: Sequence[Message[None]]) -> None:
        """See :meth:`Transport.publish`."""
        first, *others = messages
        try:
            self._broker.enqueue(first)
            if others:
                channel = self._broker.connection.channel()
                for message in others:
                    channel.basic_publish("", message.queue_name, message.encode(), _PERSISTENT)
                channel.close()
        except _TROUBLE as error:
            self._down(error)

    def depth(self, queue: str) -> int:
        """See :meth:`Transport.depth`."""
        try:
            return self._broker.get_queue_message_counts(queue)[0]
        except _TROUBLE as error:
            self._down(error)

    def inbox(self, queue: str, *, timeout: float) -> RabbitmqInbox:
        """See :meth:`Transport.inbox`."""
        visiting = getattr(self._broker.state, "connection", None) is None
        try:
            # The server may have been restarted without it.
            self._broker.declare_queue(queue)
            self._broker.queues_pending.add(queue)
            consumer = self._broker.consume(
                queue, prefetch=PREFETCH, timeout=max(1, int(timeout * 1000))
            )
        except _TROUBLE as error:
            self._down(error)
        if visiting:
            self.leave()  # the consumer has a connection of its own; this one declared the queue
        return RabbitmqInbox(consumer, self._down)

    def leave(self) -> None:
        """Close the calling thread's connection."""
        with contextlib.suppress(*_TROUBLE, KeyError):
            del self._broker.connection

    def close(self) -> None:
        """Close every connection."""
        with contextlib.suppress(*_TROUBLE):
            self._broker.close()

    def _down(self, error: BaseException) -> NoReturn:
        self.leave()
        raise TransportDown(clean(_innermost(error), self._url)) from error


class RabbitmqInbox:
    """One queue of a RabbitMQ, which pushes its messages."""

    def __init__(self, consumer: Any, down: Any) -> None:
        self._consumer = consumer
        self._down = down

    def receive(self, count: int, *, timeout: float) -> Sequence[MessageProxy]:  # noqa: ARG002
        """See :meth:`Inbox.receive`; waits as long as the inbox was made for."""
        found = []
        try:
            message = next(self._consumer)
            while message is not None:
                found.append(message)
                more = self._consumer.channel.get_waiting_message_count()
                message = next(self._consumer) if more and len(found) < count else None
        except _TROUBLE as error:
            self._down(error)
        return found

    def acknowledge(self, messages: Iterable[MessageProxy]) -> None:
        """See :meth:`Inbox.acknowledge`; sent with the next :meth:`receive` at the latest."""
        try:
            for message in messages:
                self._consumer.ack(message)
        except _TROUBLE as error:
            self._down(error)

    def nudge(self) -> None:
        """Do nothing: a message comes by itself."""

    def close(self) -> None:
        """See :meth:`Inbox.close`: the server does it when the connection ends."""
        with contextlib.suppress(*_TROUBLE):
            self._consumer.close()


def _patient(url: str) -> str:
    parts = urlsplit(url)
    options = {**PATIENCE, **dict(parse_qsl(parts.query))}
    return parts._replace(query=urlencode(options)).geturl()


def _innermost(error: BaseException) -> BaseException:
    """Return the error that says something: Pika wraps it, once or twice, in empty ones."""
    cause = next((each for each in error.args if isinstance(each, BaseException)), None)
    if cause is None:
        cause = getattr(error, "exception", None)  # pika's AMQPConnectorPhaseErrorBase
    return error if cause is None or cause is error else _innermost(cause)

"""The bus over Redis publish/subscribe."""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING, Any

from ..settings import ConfigurationError
from .base import Bus
from .messages import decode, encode
from .outage import Outage

if TYPE_CHECKING:
    from .base import Listener
    from .messages import Notice

#: Notices that wait for Redis; beyond them the oldest go, and polling makes up for it.
MOST_WAITING = 10_000

#: Seconds.
CONNECT_TIMEOUT, SOCKET_TIMEOUT, LISTEN_TIMEOUT = 3.0, 5.0, 0.5


class RedisBus(Bus):
    """Publishes on a thread of its own after the commit, so that no request waits for Redis."""

    name = "redis"

    def __init__(self, url: str, *, namespace: str) -> None:
        """Take ``redis://`` or ``rediss://``; raises ``ConfigurationError``, connects not yet."""
        self._shown = url.partition("://")[2].rpartition("@")[2]
        self._redis = _client(url, self._shown)
        self._channel = f"{namespace}:bus"
        sentence = "The bus (Redis) is away; live events come by polling."
        self._sending = Outage("publish", sentence)
        self._hearing = Outage("subscribe", sentence)
        self._waiting: deque[bytes] = deque(maxlen=MOST_WAITING)
        self._some = threading.Event()
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._publishing = False

    def require(self) -> None:
        """Ping; raises :class:`~support_core.settings.ConfigurationError`."""
        import redis  # noqa: PLC0415 - an extra

        try:
            self._redis.ping()
        except redis.RedisError as error:
            raise ConfigurationError(
                f"support.bus: Redis at {self._shown} does not answer ({_reason(error)}); start "
                "it, or correct support.bus."
            ) from None

    def publish(self, notices: list[Notice]) -> None:
        """Leave the notices to the publishing thread."""
        self._waiting.extend(map(encode, notices))
        self._some.set()
        if not self._publishing:
            with self._lock:
                if not self._publishing:
                    self._publishing = True
                    self._start(self._publish, "support-bus-publish")

    def listen(self, listener: Listener) -> None:
        """Subscribe on a thread."""
        self._start(lambda: self._subscribe(listener), "support-bus")

    def problem(self) -> str | None:
        """Say that either connection is lost."""
        return self._sending.problem or self._hearing.problem

    def stop(self) -> None:
        """End the threads, once what was committed has been published, and close connections."""
        self._sending.ended.set()
        self._hearing.ended.set()
        self._some.set()
        for thread in self._threads:
            thread.join(timeout=10)
        self._redis.close()

    def _start(self, target: Any, name: str) -> None:
        thread = threading.Thread(target=target, name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _publish(self) -> None:
        import redis  # noqa: PLC0415 - an extra

        while self._waiting or not self._sending.ended.is_set():
            if not self._waiting:
                self._some.wait()
                self._some.clear()
                continue
            message = self._waiting[0]
            try:
                self._redis.publish(self._channel, message)
            except redis.RedisError as error:
                self._sending.failed(error)
                if self._sending.ended.is_set():
                    return
                continue
            self._sending.works()
            if self._waiting and self._waiting[0] is message:
                self._waiting.popleft()

    def _subscribe(self, listener: Listener) -> None:
        import redis  # noqa: PLC0415 - an extra

        while not self._hearing.ended.is_set():
            try:
                with self._redis.pubsub(ignore_subscribe_messages=True) as subscription:
                    subscription.subscribe(self._channel)
                    self._hearing.works()
                    listener.missed()  # whatever was said while nobody listened
                    self._pass_on(subscription, listener)
            except redis.RedisError as error:
                self._hearing.failed(error)

    def _pass_on(self, subscription: Any, listener: Listener) -> None:
        while not self._hearing.ended.is_set():
            message = subscription.get_message(timeout=LISTEN_TIMEOUT)
            if message is None or message["type"] != "message":
                continue
            try:
                listener.heard(decode(message["data"]))
            except ValueError:
                continue  # somebody else's, on a channel of this name


def _client(url: str, shown: str) -> Any:
    try:
        import redis  # noqa: PLC0415 - an extra
    except ModuleNotFoundError:
        raise ConfigurationError(
            "support.bus names Redis, whose client is not installed: "
            "pip install 'support-core[redis]'."
        ) from None
    try:
        return redis.Redis.from_url(
            url,
            socket_connect_timeout=CONNECT_TIMEOUT,
            socket_timeout=SOCKET_TIMEOUT,
            health_check_interval=5,
            retry=None,
        )
    except (ValueError, redis.RedisError):
        raise ConfigurationError(
            f"support.bus: redis://{shown} is not an address of Redis; say redis://host:port/db."
        ) from None


def _reason(error: Exception) -> str:
    cause = error.__cause__ or error
    return getattr(cause, "strerror", None) or str(cause) or type(cause).__name__

"""Many clients of Server-Sent Events in a few processes; they know nothing of the server.

A client notes the id inside of each event's ``data`` and when it came (the machine's monotonic
clock, which all processes share). It comes back with the last ``id`` line it saw, as browsers do.
"""

from __future__ import annotations

import asyncio
import os
import re
import resource
import secrets
import subprocess
import sys
import time
from multiprocessing.connection import Client, Listener
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence
    from multiprocessing.connection import Connection

ROOT = Path(__file__).parents[1]

#: The environment variable of the key that a client process shows its parent.
KEY = "BENCH_STREAMS_KEY"

#: Connections that one process opens at a time.
AT_A_TIME = 64
#: Streams per source address: of an address's ports some 28,000 may be used towards one server.
PER_ADDRESS = 20_000

_LAST_ID = re.compile(rb"^id: ?([^\n]*)$", re.MULTILINE)
_EVENT_ID = re.compile(rb'^data: ?.*?"id": ?([0-9]+)', re.MULTILINE)

#: What arrived on one stream: (event id, moment in seconds).
Arrivals = list[tuple[int, float]]


class _Client(asyncio.Protocol):
    """One stream, over one connection after the other."""

    __slots__ = ("_head", "_rest", "_transport", "arrivals", "last_id", "opened", "path")

    def __init__(self, path: str) -> None:
        self.path = path
        self.arrivals: Arrivals = []
        self.last_id: bytes | None = None
        self.opened: asyncio.Future[bool] | None = None
        self._transport: asyncio.Transport | None = None
        self._rest = b""
        self._head = True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]
        self._rest, self._head = b"", True

    def ask(self, headers: bytes) -> None:
        """Send the request, with the last id where there is one."""
        assert self._transport is not None
        resumed = b"Last-Event-ID: " + self.last_id + b"\r\n" if self.last_id else b""
        self._transport.write(
            b"GET "
            + self.path.encode()
            + b" HTTP/1.1\r\nHost: bench\r\n"
            + headers
            + resumed
            + b"\r\n"
        )

    def data_received(self, data: bytes) -> None:
        moment = time.monotonic()
        self._rest += data
        if self._head:
            head, found, rest = self._rest.partition(b"\r\n\r\n")
            if not found:
                return
            self._head, self._rest = False, rest
            if self.opened is not None and not self.opened.done():
                self.opened.set_result(head.startswith(b"HTTP/1.1 200"))
        frames, found, self._rest = self._rest.rpartition(b"\n\n")
        if found:
            ids = _LAST_ID.findall(frames)
            if ids:
                self.last_id = ids[-1]
            for number in _EVENT_ID.findall(frames):
                self.arrivals.append((int(number), moment))

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's
        self._transport = None
        if self.opened is not None and not self.opened.done():
            self.opened.set_result(False)

    def cut(self) -> None:
        """End the connection, without a word."""
        if self._transport is not None:
            self._transport.abort()

    @property
    def is_open(self) -> bool:
        return self._transport is not None


class _Worker:
    """The streams of one client process."""

    def __init__(self, host: str, port: int, headers: bytes, paths: Sequence[str]) -> None:
        self._host, self._port, self._headers = host, port, headers
        self._clients = [_Client(path) for path in paths]

    async def serve(self, pipe: Connection) -> None:
        """Do what the parent says until it says no more."""
        loop = asyncio.get_running_loop()
        while True:
            command, *arguments = await loop.run_in_executor(None, pipe.recv)
            if command == "end":
                return
            pipe.send(await getattr(self, command)(*arguments))

    async def open(self) -> int:
        """Open every stream that is not; return how many are open then."""
        gate = asyncio.Semaphore(AT_A_TIME)
        await asyncio.gather(*(self._open(index, gate) for index in range(len(self._clients))))
        return sum(client.is_open for client in self._clients)

    async def _open(self, index: int, gate: asyncio.Semaphore) -> None:
        loop = asyncio.get_running_loop()
        client = self._clients[index]
        # Without an address of our own, ports are taken that servers are rarely given.
        source = (f"127.0.0.{1 + index // PER_ADDRESS}", 0) if index >= PER_ADDRESS else None
        async with gate:
            while not client.is_open:
                client.opened = loop.create_future()
                try:
                    await loop.create_connection(
                        lambda: client, self._host, self._port, local_addr=source
                    )
                except OSError:
                    await asyncio.sleep(0.1)
                    continue
                client.ask(self._headers)
                if not await client.opened:
                    client.cut()
                    await asyncio.sleep(0.1)

    async def cut(self) -> int:
        """End every connection."""
        for client in self._clients:
            client.cut()
        await asyncio.sleep(0.1)
        return sum(client.is_open for client in self._clients)

    async def forget(self) -> int:
        """Forget what arrived."""
        for client in self._clients:
            client.arrivals = []
        return 0

    async def count(self) -> int:
        """Return how many events arrived."""
        return sum(len(client.arrivals) for client in self._clients)

    async def collect(self) -> list[Arrivals]:
        """Return what arrived, stream by stream."""
        return [client.arrivals for client in self._clients]


def raise_file_limit() -> None:
    """Allow as many connections as the system does."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


class Swarm:
    """Streams to ``paths`` of one server, spread over ``processes`` of their own."""

    def __init__(
        self, address: tuple[str, int], headers: bytes, paths: Sequence[str], *, processes: int
    ) -> None:
        self._pipes: list[Connection] = []
        self._processes: list[subprocess.Popen[bytes]] = []
        key = secrets.token_bytes(16)
        with Listener(("127.0.0.1", 0), authkey=key) as listener:
            command = [sys.executable, "-m", "bench.stream_client", str(listener.address[1])]
            for number in range(processes):
                self._processes.append(
                    subprocess.Popen(command, env={**os.environ, KEY: key.hex()}, cwd=ROOT)
                )
                pipe = listener.accept()
                pipe.send((*address, headers, list(paths[number::processes])))
                self._pipes.append(pipe)

    def open(self) -> int:
        """Open every stream that is not open; return how many are."""
        return sum(self._all("open"))

    def cut(self) -> None:
        """End every connection at once."""
        self._all("cut")

    def forget(self) -> None:
        """Forget what arrived."""
        self._all("forget")

    def wait_for(self, number: int, *, patience: float) -> None:
        """Wait until so many events arrived; ends the program where they do not."""
        deadline = time.monotonic() + patience
        while (arrived := sum(self._all("count"))) < number:
            if time.monotonic() > deadline:
                raise SystemExit(f"{arrived} of {number} deliveries within {patience} s")
            time.sleep(0.05)

    def collect(self) -> list[Arrivals]:
        """Return what arrived, stream by stream."""
        return [arrivals for streams in self._all("collect") for arrivals in streams]

    def stop(self) -> None:
        """End the processes."""
        for pipe in self._pipes:
            pipe.send(("end",))
        for process in self._processes:
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def _all(self, command: str) -> list[Any]:
        for pipe in self._pipes:
            pipe.send((command,))
        return [pipe.recv() for pipe in self._pipes]


if __name__ == "__main__":
    raise_file_limit()
    with Client(("127.0.0.1", int(sys.argv[1])), authkey=bytes.fromhex(os.environ[KEY])) as parent:
        asyncio.run(_Worker(*parent.recv()).serve(parent))

"""A TCP server on loopback whose every answer a test decides."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import ssl

Handler = Callable[[socket.socket, bytes], None]


class Server:
    """A TCP server on loopback that gives each request to a handler."""

    def __init__(
        self,
        handler: Handler,
        *,
        tls: ssl.SSLContext | None = None,
        address: str = "127.0.0.1",
        speaks_first: bool = False,
    ) -> None:
        self.handler = handler
        self.speaks_first = speaks_first
        self.tls = tls
        self.connections = 0
        self.requests: list[bytes] = []
        self.stopping = threading.Event()
        self.listener = socket.create_server((address, 0))
        self.port: int = self.listener.getsockname()[1]
        self.url = f"{'https' if tls else 'http'}://{address}:{self.port}/hook?x=1"
        self.workers: list[threading.Thread] = []
        self.acceptor = threading.Thread(target=self.accept)
        self.acceptor.start()

    def accept(self) -> None:
        while True:
            connection, _ = self.listener.accept()
            if self.stopping.is_set():
                connection.close()
                return
            self.connections += 1
            worker = threading.Thread(target=self.serve, args=(connection,))
            self.workers.append(worker)
            worker.start()

    def serve(self, connection: socket.socket) -> None:
        connection.settimeout(5)
        with suppress(OSError), connection:
            stream = connection
            if self.tls is not None:
                stream = self.tls.wrap_socket(connection, server_side=True)
            with stream:
                if self.speaks_first:
                    self.handler(stream, b"")
                    return
                while request := self.read_request(stream):
                    self.requests.append(request)
                    self.handler(stream, request)

    @staticmethod
    def read_request(stream: socket.socket) -> bytes:
        head = b""
        while b"\r\n\r\n" not in head:
            if not (received := stream.recv(65_536)):
                return b""
            head += received
        request = head
        if length := re.search(rb"Content-Length: (\d+)", head):
            whole = head.index(b"\r\n\r\n") + 4 + int(length[1])
            while len(request) < whole:
                request += stream.recv(65_536)
        return request

    def stop(self) -> None:
        self.stopping.set()
        socket.create_connection(self.listener.getsockname()).close()
        self.acceptor.join()
        self.listener.close()
        for worker in self.workers:
            worker.join()


@contextmanager
def serving(handler: Handler, **options: Any) -> Iterator[Server]:
    server = Server(handler, **options)
    try:
        yield server
    finally:
        server.stop()


def answering(response: bytes) -> Handler:
    return lambda stream, _request: stream.sendall(response)

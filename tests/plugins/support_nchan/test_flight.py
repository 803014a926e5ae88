"""Messages under way at once: what arrives at nginx, in which order, and what after a failure."""

from __future__ import annotations

import re
import socket
import threading
from collections import Counter
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from support_nchan import flight
from support_nchan.flight import AT_ONCE, NotPublished
from support_nchan.publisher import Cut, Message, Publisher
from tests.core.tcp_server import serving
from tests.services.process import free_port
from tests.waiting import until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.core.tcp_server import Handler, Server

    Start = Callable[[Handler], tuple[Server, Publisher]]

TAKEN = b'{"last_message_id": "1795383522:0"}'


def answer(status: int = 201, body: bytes = TAKEN, *fields: bytes) -> bytes:
    lines = [b"HTTP/1.1 %d Said" % status, b"Content-Length: %d" % len(body), *fields, b"", body]
    return b"\r\n".join(lines)


def told(server: Server) -> list[str]:
    """Return what was sent, in the order in which it came: a message's text, or a cut."""
    return [said(request) for request in server.requests]


def said(request: bytes) -> str:
    if request.startswith(b"DELETE"):
        found = re.search(rb"X-Support-Channels: (.*)\r\n", request)
        assert found is not None
        return f"cut {found[1].decode()}"
    return request.rpartition(b"\r\n\r\n")[2].decode()


def messages(lines: int, each: int) -> list[Message]:
    """Return the messages of some lines, mixed."""
    return [
        Message(f"line {line}", [f"channel/{line}"], "message", f"{line}:{number}".encode())
        for number in range(each)
        for line in range(lines)
    ]


def in_order(texts: list[str]) -> list[str]:
    """Return what arrived, sorted by line, and in a line as it came; repeats left out.

    On a machine that stands still for seconds a request is repeated that was answered too late.
    """
    return sorted(dict.fromkeys(texts), key=lambda text: int(text.partition(":")[0]))


def texts_of(sent: list[Message]) -> list[str]:
    return in_order([it.content.decode() for it in sent])


def publisher_to(server: Server) -> Publisher:
    return Publisher(f"http://127.0.0.1:{server.port}", "secret")


@pytest.fixture
def publishing() -> Iterator[Start]:
    """Start servers that answer as the test says, with a publisher for each."""
    with ExitStack() as stack:

        def start(handler: Handler) -> tuple[Server, Publisher]:
            server = stack.enter_context(serving(handler))
            publisher = publisher_to(server)
            stack.callback(publisher.close)  # before the server, which waits for its clients
            return server, publisher

        yield start


class Together:
    """Answers when so many requests wait for an answer at once."""

    def __init__(self, number: int) -> None:
        self.barrier = threading.Barrier(number)

    def __call__(self, stream: socket.socket, _request: bytes) -> None:
        self.barrier.wait(30)
        stream.sendall(answer())


def test_lines_do_not_wait_for_each_other(publishing: Start) -> None:
    server, publisher = publishing(Together(AT_ONCE))
    publisher.publish(messages(AT_ONCE, 3))
    assert server.connections < 3 * AT_ONCE, "connections are kept"
    assert in_order(told(server)) == texts_of(messages(AT_ONCE, 3))


def test_in_a_line_each_waits_for_the_one_before(publishing: Start) -> None:
    under_way: Counter[str] = Counter()
    most: Counter[str] = Counter()
    lock = threading.Lock()

    def slowly(stream: socket.socket, request: bytes) -> None:
        line = said(request).partition(":")[0]
        with lock:
            under_way[line] += 1
            most[line] = max(most[line], under_way[line])
        threading.Event().wait(0.002)
        with lock:
            under_way[line] -= 1
        stream.sendall(answer())

    server, publisher = publishing(slowly)
    sent = messages(12, 8)
    publisher.publish(sent)
    assert set(most.values()) == {1}
    assert in_order(told(server)) == texts_of(sent)


@pytest.mark.parametrize("how", ["500", "cut off", "half an answer"])
def test_a_failure_in_the_middle_is_tried_again_and_keeps_the_order(
    publishing: Start, how: str
) -> None:
    """Every seventh request fails at first; nothing of its line overtakes it meanwhile."""
    numbers = iter(range(1_000_000))
    failed: set[str] = set()
    lock = threading.Lock()
    taken: list[str] = []

    def now_and_then(stream: socket.socket, request: bytes) -> None:
        text = said(request)
        with lock:
            fails = text not in failed and next(numbers) % 7 == 3
            if fails:
                failed.add(text)
            else:
                taken.append(text)
        if not fails:
            stream.sendall(answer())
        elif how == "500":
            stream.sendall(answer(500, b"no"))
        else:
            stream.sendall(b"" if how == "cut off" else answer()[:40])
            stream.shutdown(socket.SHUT_RDWR)

    server, publisher = publishing(now_and_then)
    sent = messages(6, 7)
    publisher.publish(sent)
    assert len(failed) >= 3
    assert in_order(taken) == texts_of(sent)
    assert len(server.requests) >= len(sent) + len(failed)


def test_nothing_overtakes_what_fails_for_good_and_the_next_run_publishes_all(
    publishing: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flight, "PATIENCE", -1.0)
    broken = threading.Event()
    broken.set()
    taken: list[str] = []
    lock = threading.Lock()

    def not_one(stream: socket.socket, request: bytes) -> None:
        text = said(request)
        if broken.is_set() and text == "2:1":
            stream.sendall(answer(502, b"no"))
            return
        with lock:
            taken.append(text)
        stream.sendall(answer())

    _, publisher = publishing(not_one)
    sent = messages(4, 5)
    with pytest.raises(NotPublished, match=r"nginx's publisher answered 502\."):
        publisher.publish(sent)
    for line in range(4):
        got = [it for it in taken if it.startswith(f"{line}:")]
        assert got == [f"{line}:{number}" for number in range(len(got))]
    assert [it for it in taken if it.startswith("2:")] == ["2:0"]
    broken.clear()
    taken.clear()
    publisher.publish(sent)
    assert in_order(taken) == texts_of(sent)


def test_nobody_there_is_tried_for_a_while_by_one_connection_at_a_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(flight, "PATIENCE", 1.0)
    attempts = []
    publisher = Publisher(f"http://127.0.0.1:{free_port()}", "secret")
    take = publisher._connections.take
    monkeypatch.setattr(
        publisher._connections, "take", lambda **fresh: attempts.append(1) or take(**fresh)
    )
    with pytest.raises(NotPublished, match=r"nginx cannot be reached \(ConnectionRefusedError\)"):
        publisher.publish(messages(50, 2))
    assert 1 <= len(attempts) <= 1.0 / flight.PAUSE + 2, "not by each message"


def test_a_cut_comes_after_all_before_it_and_before_all_after_it(publishing: Start) -> None:
    server, publisher = publishing(lambda stream, _request: stream.sendall(answer()))
    before, after = messages(5, 2), messages(7, 1)
    publisher.publish([*before, Cut("leash"), Cut("other"), *after])
    texts = told(server)
    first, last = texts.index("cut leash"), texts.index("cut other")
    assert in_order(texts[:first]) == texts_of(before)
    assert set(texts[first : last + 1]) == {"cut leash", "cut other"}
    assert in_order(texts[last + 1 :]) == texts_of(after)


def test_connections_that_were_closed_meanwhile_cost_no_message(publishing: Start) -> None:
    """nginx closes a connection after so many requests, or so many seconds, when it likes."""

    taken: list[str] = []

    def once(stream: socket.socket, request: bytes) -> None:
        stream.sendall(answer())  # fails where this connection has ended
        taken.append(said(request))
        stream.shutdown(socket.SHUT_RDWR)

    _, publisher = publishing(once)
    for _ in range(3):
        publisher.publish(messages(3, 2))
    until(lambda: len(taken) >= 18, "each message taken, each time")
    assert in_order(taken) == texts_of(messages(3, 2))


def test_a_connection_that_is_said_to_end_is_not_used_again(publishing: Start) -> None:
    server, publisher = publishing(
        lambda stream, _request: stream.sendall(answer(201, TAKEN, b"Connection: close"))
    )
    publisher.publish(messages(1, 4))
    assert server.connections >= 4


def test_an_answer_in_parts_is_read_whole(publishing: Start) -> None:
    def in_parts(stream: socket.socket, _request: bytes) -> None:
        half = len(TAKEN) // 2
        parts = [b"%x\r\n%s\r\n" % (len(it), it) for it in (TAKEN[:half], TAKEN[half:])]
        head = b"HTTP/1.1 202 Accepted\r\nTransfer-Encoding: chunked\r\n\r\n"
        for part in (head[:9], head[9:], *parts, b"0\r\n\r\n"):
            stream.sendall(part)

    _, publisher = publishing(in_parts)
    assert publisher.passing(["a"], name="typing", content=b"{}") == 1795383522
    assert publisher.passing(["a"], name="typing", content=b"{}") == 1795383522


@pytest.mark.parametrize(
    "nonsense",
    [
        b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
        b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"x" * 70_000,
    ],
)
def test_what_is_no_answer_of_a_publisher_is_a_failure(publishing: Start, nonsense: bytes) -> None:
    def strange(stream: socket.socket, _request: bytes) -> None:
        stream.sendall(nonsense)
        stream.shutdown(socket.SHUT_WR)

    _, publisher = publishing(strange)
    with pytest.raises(NotPublished, match="nginx cannot be reached"):
        publisher.cut("leash")


def test_a_field_with_a_line_end_is_never_sent(publishing: Start) -> None:
    server, publisher = publishing(lambda stream, _request: stream.sendall(answer()))
    with pytest.raises(ValueError, match="Invalid header value"):
        publisher.publish([Message("a", ["a\r\nX-Other: 1"], "message", b"{}")])
    assert server.requests == []

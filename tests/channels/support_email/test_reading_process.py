"""Reading in a process of its own: the same mails, and no harm from one that ends its reader."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import threading
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from support_core.testing import make_desk
from support_email import reading_process
from support_email.ahead import ahead
from support_email.incoming import Incoming, Unreadable, prepared
from support_email.preparing import Preparation
from support_email.reading_process import ReadingProcess
from tests.waiting import until

from .wire import a_mail, a_post

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from pathlib import Path

    from support_core.testing import TestWorkspace
    from tests.services.dovecot import Dovecot

#: A program that reads as ours does, but ends or sleeps where a mail says so.
HARMED = """
import os, time
from support_email import reader
read = reader.prepared
def harmed(raw, own):
    if b"X-Harm: end" in raw:
        os._exit(1)
    if b"X-Harm: once" in raw and not os.path.exists({marker!r}):
        open({marker!r}, "w").close()
        os._exit(1)
    if b"X-Harm: sleep" in raw:
        time.sleep(3600)
    return read(raw, own)
reader.prepared = harmed
reader.serve({{fd}})
"""


@pytest.fixture(scope="module")
def shared() -> Iterator[ReadingProcess]:
    """One for all tests that do it no harm: starting it takes a second or two."""
    with closing(ReadingProcess()) as process:
        yield process


@pytest.fixture
def process() -> Iterator[ReadingProcess]:
    with closing(ReadingProcess()) as process:
        yield process


def read(process: ReadingProcess, *mails: bytes) -> list[Incoming | Unreadable]:
    """Read as soon as the process is there."""
    process.start()
    found: list[list[Incoming | Unreadable] | None] = [None]

    def done() -> bool:
        found[0] = process.read(mails, ())
        return found[0] is not None

    until(done, "the process has started")
    assert found[0] is not None
    return found[0]


def subjects(found: list[Incoming | Unreadable]) -> list[str]:
    return [it.subject if isinstance(it, Incoming) else it.reason for it in found]


def test_it_reads_what_we_would_read(shared: ReadingProcess) -> None:
    mails = [
        a_mail("One", subject="Für Élise", files=(("a.bin", os.urandom(200_000)),)),
        a_mail("Two", Auto_Submitted="auto-replied"),
        b"\xff\x00 no mail at all",
    ]
    found = read(shared, *mails)
    for ours, theirs in zip((prepared(it) for it in mails), found, strict=True):
        assert isinstance(ours, Incoming)
        assert isinstance(theirs, Incoming)
        assert (theirs.visible, theirs.verdict, theirs.facts()) == (
            ours.visible,
            ours.verdict,
            ours.facts(),
        )
        assert [it.content for it in theirs.mail.attachments] == [
            it.content for it in ours.mail.attachments
        ]


def test_more_than_a_pipe_holds_goes_through_it(shared: ReadingProcess) -> None:
    mails = [a_mail(str(it), files=(("a.bin", os.urandom(300_000)),)) for it in range(20)]
    assert all(isinstance(it, Incoming) for it in read(shared, *mails))


def test_while_it_is_not_there_we_are_told_to_read_ourselves(process: ReadingProcess) -> None:
    assert process.read([a_mail()], ()) is None


def test_while_it_reads_for_another_we_are_told_to_read_ourselves(
    shared: ReadingProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    read(shared, a_mail())
    begun, go_on = threading.Event(), threading.Event()
    answers = shared._answers

    def held(*given: Any) -> Any:
        begun.set()
        assert go_on.wait(120)
        return answers(*given)

    monkeypatch.setattr(shared, "_answers", held)
    found: list[Any] = []
    other = threading.Thread(target=lambda: found.append(shared.read([a_mail()], ())))
    other.start()
    assert begun.wait(120)
    assert shared.read([a_mail()], ()) is None
    go_on.set()
    other.join(120)
    assert isinstance(found[0][0], Incoming)


@pytest.fixture
def harmed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = HARMED.format(marker=str(tmp_path / "ended"))
    monkeypatch.setattr(reading_process, "PROGRAM", program)


def test_a_mail_that_ends_its_reader_is_given_up_and_the_others_are_read(
    process: ReadingProcess, harmed: None
) -> None:
    mails = [a_mail(subject="One"), a_mail(X_Harm="end"), a_mail(subject="Three")]
    one, ended, three = subjects(read(process, *mails))
    assert (one, three) == ("One", "Three")
    assert ended == "Reading it ended the process that reads, twice."


def test_a_mail_whose_reader_was_ended_by_chance_is_read_again(
    process: ReadingProcess, harmed: None
) -> None:
    mails = [a_mail(subject="One"), a_mail(X_Harm="once", subject="Two")]
    assert subjects(read(process, *mails)) == ["One", "Two"]


def test_a_mail_that_never_comes_to_an_end_is_given_up(
    process: ReadingProcess, harmed: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading_process, "MOST_SECONDS", 5.0)
    mails = [a_mail(X_Harm="sleep"), a_mail(subject="Two")]
    assert subjects(read(process, *mails)) == [
        "Reading it took longer than 5 seconds, twice.",
        "Two",
    ]


def test_one_that_was_killed_is_started_again(process: ReadingProcess) -> None:
    read(process, a_mail())
    assert process._process is not None
    process._process.kill()
    process._process.wait()
    assert process.read([a_mail()], ()) is None
    assert subjects(read(process, a_mail(subject="Again"))) == ["Again"]


def test_one_that_does_not_start_leaves_the_reading_to_us(
    process: ReadingProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading_process, "PROGRAM", "raise SystemExit(1)  # {fd}")
    process.start()
    assert process._process is not None
    process._process.wait()
    assert process.read([a_mail()], ()) is None
    for _ in range(2):  # and is left alone for some time
        process.start()
        assert process._process is None


def test_one_that_cannot_be_started_leaves_the_reading_to_us(
    process: ReadingProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOMEM, "Cannot allocate memory")

    monkeypatch.setattr(subprocess, "Popen", refused)
    process.start()
    assert process.read([a_mail()], ()) is None


def test_it_ends_with_the_one_that_started_it(process: ReadingProcess) -> None:
    read(process, a_mail())
    child = process._process
    assert child is not None
    assert process._connection is not None
    child.send_signal(signal.SIGINT)  # as a terminal sends it to both
    assert subjects(read(process, a_mail(subject="Still"))) == ["Still"]
    process._connection.close()  # what the system does for one that was killed
    assert child.wait(120) == 0


def test_a_long_run_is_read_there_and_filed_the_same(
    workspace: TestWorkspace, dovecot: Dovecot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("support_email.preparing.WORTH_STARTING", 1)
    monkeypatch.setattr("support_email.preparing.WORTH_SENDING", 1)
    post = a_post(workspace, dovecot)
    with workspace.desk() as desk:
        process = Preparation(desk)._process
    read(process, a_mail())
    asked: list[int] = []
    answers = process._answers

    def seen(mails: Any, own: Any) -> Any:
        asked.append(len(mails))
        return answers(mails, own)

    monkeypatch.setattr(process, "_answers", seen)
    post.deliver(*(a_mail(f"Mail {it}", files=(("a", os.urandom(99)),)) for it in range(130)))
    assert post.fetch() == {"filed": 130}
    assert asked == [100, 30]
    assert len(post.conversations()) == 100  # a page of them
    process.close()


def test_it_loads_no_more_than_reading_takes() -> None:
    program = "import sys, support_email.reader; print(*sys.modules)"
    loaded = subprocess.check_output([sys.executable, "-c", program], text=True).split()
    assert {"sqlalchemy", "pyramid", "structlog", "support_email.plugin"}.isdisjoint(loaded)


@pytest.mark.parametrize("wanted", ["true", "false"])
def test_it_is_started_where_many_wait_and_that_is_wanted(tmp_path: Path, wanted: str) -> None:
    desk = make_desk(
        tmp_path,
        f"sqlite:///{tmp_path}/support.sqlite",
        plugins=("email",),
        support__email__reading_process=wanted,
    )
    try:
        with desk.workspace().desk() as opened:
            preparation = Preparation(opened)
        preparation.expect(99)
        assert preparation._process._process is None
        preparation.expect(100)
        assert (preparation._process._process is not None) == (wanted == "true")
    finally:
        desk.application.close()
    assert preparation._process._process is None


def test_the_next_one_is_made_while_this_one_is_used() -> None:
    made = [threading.Event() for _ in range(3)]

    def items() -> Generator[int, None, None]:
        for number, event in enumerate(made):
            event.set()
            yield number

    for number in (given := ahead(items(), "test")):
        if number == 0:
            assert made[1].wait(120)
            given.close()
    assert not made[2].is_set()


def test_what_making_one_raises_comes_after_those_before_it() -> None:
    def items() -> Generator[int, None, None]:
        yield 1
        raise ValueError("the second")

    given = ahead(items(), "test")
    assert next(given) == 1
    with pytest.raises(ValueError, match="the second"):
        next(given)


def test_who_stops_asking_closes_what_makes_them() -> None:
    closed = threading.Event()

    def items() -> Generator[int, None, None]:
        try:
            yield from range(100)
        finally:
            closed.set()

    given = ahead(items(), "test")
    assert next(given) == 0
    given.close()
    assert closed.is_set()

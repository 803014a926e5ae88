"""The process is killed around DATA: at most one copy goes out, and the unknown is asked about."""

from __future__ import annotations

import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any

import pytest

from support_core.testing import make_desk
from support_email.sending import UNCERTAIN
from tests.waiting import until

from .wire import Post, a_mail, a_post, smtp_fields

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support_core.testing import DeskUnderTest
    from tests.services.databases import Databases
    from tests.services.smtp import SmtpServer, Taken

# Each is a customer whose answer has come just so far when the process is killed.
BEFORE = "before-the-text@customer.example"  # the server has taken the recipient
GIVEN = "text-given@customer.example"  # the server has the text and has not answered
ANSWERED = "answered@customer.example"  # it has answered 250, which is not noted yet
NOTED = "noted@customer.example"  # it is noted, and the desk has not heard of it
MOMENTS = (BEFORE, GIVEN, ANSWERED, NOTED)

#: A desk's workers, each of which stops for ever at its moment.
PROGRAM = """
import sys, threading
from support_core import app
from support_email import sending

concluded = sending._concluded

def held(open_desk, ready, handed, days):
    address = ready.envelope.to[0]
    if address.startswith("answered@"):
        print(address, flush=True)
        threading.Event().wait()
    sent = concluded(open_desk, ready, handed, days)
    if address.startswith("noted@"):
        print(address, flush=True)
        threading.Event().wait()
    return sent

sending._concluded = held
application = app.build(dict(line.split("=", 1) for line in sys.argv[1:])).registry.support
application.jobs.start_workers(4)
threading.Event().wait()
"""


class Held:
    """The server's side: answers wait until they are released."""

    def __init__(self) -> None:
        self.reached: set[str] = set()
        self._released = threading.Event()

    def recipient(self, address: str) -> None:
        self._hold(address, BEFORE)

    def text(self, taken: Taken) -> None:
        self._hold(taken.recipients[0], GIVEN)

    def release(self) -> None:
        self._released.set()

    def _hold(self, address: str, moment: str) -> None:
        if address == moment and not self._released.is_set():
            self.reached.add(moment)
            self._released.wait(120)


@pytest.fixture
def killed(
    databases: Databases, tmp_path: Path, smtp: SmtpServer
) -> Iterator[tuple[DeskUnderTest, dict[str, tuple[Post, int, dict[str, Any]]]]]:
    """A desk with four replies under way, after its process was killed."""
    url = databases.create("killed_sending")
    desk = make_desk(tmp_path, url, plugins=("email",), support__jobs__lease="3")
    held = Held()
    smtp.on_recipient, smtp.on_data = held.recipient, held.text
    try:
        posts = {it: _post(desk, smtp, it) for it in MOMENTS}
        replies = {it: _reply(post) for it, post in posts.items()}
        settings = {
            "sqlalchemy.url": url,
            "support.plugins": "email",
            "support.keys_file": str(tmp_path / "keys"),
            "support.blobs.path": str(tmp_path / "blobs"),
            "support.outgoing.allowed_networks": "127.0.0.0/8 ::1/128",
            "support.jobs.lease": "3",
        }
        command = [sys.executable, "-W", "ignore", "-c", PROGRAM]
        process = subprocess.Popen(
            [*command, *(f"{name}={value}" for name, value in settings.items())],
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            assert process.stdout is not None
            told = {process.stdout.readline().strip() for _ in range(2)}
            assert told == {ANSWERED, NOTED}
            until(lambda: held.reached == {BEFORE, GIVEN}, patience=120)
        finally:
            process.kill()
            process.communicate()
        held.release()
        yield desk, replies
    finally:
        held.release()
        desk.application.close()


def _post(desk: DeskUnderTest, smtp: SmtpServer, customer: str) -> Post:
    post = a_post(desk.workspace(), **smtp_fields(smtp))
    post.take(a_mail("Where is it?", sender=customer, to=post.address))
    return post


def _reply(post: Post) -> tuple[Post, int, dict[str, Any]]:
    """Answer, and leave it to the process that will be killed to carry the answer."""
    (conversation,) = post.conversations()
    path = f"/conversations/{conversation['id']}/reply"
    answer = post.workspace.owner.post(path, {"body": "On its way."})
    assert answer.status_int == 201, answer.text
    return post, conversation["id"], answer.json["data"]


def _delivery(reply: tuple[Post, int, dict[str, Any]]) -> dict[str, Any]:
    post, conversation, thread = reply
    (found,) = [it for it in post.show(conversation)["threads"] if it["id"] == thread["id"]]
    return dict(found["delivery"])


def test_a_process_killed_around_the_text_sends_at_most_one_copy_and_asks(
    killed: tuple[DeskUnderTest, dict[str, tuple[Post, int, dict[str, Any]]]], smtp: SmtpServer
) -> None:
    desk, replies = killed

    def states() -> dict[str, str]:
        desk.run_jobs()
        return {it: _delivery(reply)["state"] for it, reply in replies.items()}

    def copies() -> dict[str, int]:
        return {it: sum(it in mail.recipients for mail in smtp.mails) for it in MOMENTS}

    until(lambda: not {"pending", "sending"} & set(states().values()), patience=120)
    assert states() == {BEFORE: "sent", GIVEN: "failed", ANSWERED: "failed", NOTED: "sent"}
    assert copies() == dict.fromkeys(MOMENTS, 1)
    assert {_delivery(replies[it])["error"] for it in (GIVEN, ANSWERED)} == {UNCERTAIN}

    # It leaves again when an agent says so, as the same mail.
    post, conversation, thread = replies[GIVEN]
    path = f"/conversations/{conversation}/threads/{thread['id']}/retry"
    assert post.workspace.owner.post(path).status_int == 200
    desk.run_jobs()
    assert states()[GIVEN] == "sent"
    assert copies() == {**dict.fromkeys(MOMENTS, 1), GIVEN: 2}
    assert len({it.mail["Message-ID"] for it in smtp.mails if GIVEN in it.recipients}) == 1

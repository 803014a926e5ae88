"""Mailboxes are watched: mail is there within a moment, whatever ends in between."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest

from support_core.testing import make_desk
from support_email.imap import ImapSession
from tests.services.dovecot import Dovecot
from tests.waiting import until

from .wire import Post, a_mail, a_post

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support_core.testing import DeskUnderTest
    from tests.services.databases import Databases


@pytest.fixture
def watching(
    databases: Databases, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[DeskUnderTest]:
    """A desk whose workers run, and with them the watchers of its mailboxes."""
    name = f"watch_{abs(hash(request.node.name)) % 10**8}"
    desk = make_desk(tmp_path, databases.create(name), plugins=("email",), support__email__poll="1")
    desk.application.jobs.start_workers(1)
    yield desk
    desk.application.close()


def filed(post: Post) -> int:
    return len(post.conversations())


def state(post: Post) -> str:
    return str(post.mailbox()["imap_status"]["state"])


def test_mail_is_in_the_desk_within_two_seconds_of_its_arrival(
    watching: DeskUnderTest, dovecot: Dovecot
) -> None:
    post = a_post(watching.workspace(), dovecot)
    post.deliver(a_mail("Before"))
    until(lambda: filed(post) == 1)
    until(lambda: state(post) == "ok")
    time.sleep(0.5)  # it waits with IDLE by now
    post.deliver(a_mail("Now"))
    assert until(lambda: filed(post) == 2) < 2.0


def test_a_server_without_idle_is_asked_from_time_to_time(
    watching: DeskUnderTest, dovecot: Dovecot, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = ImapSession.open.__func__  # type: ignore[attr-defined]

    def without_idle(*arguments: Any, **options: Any) -> ImapSession:
        session: ImapSession = opened(*arguments, **options)
        session.can_idle = False
        return session

    monkeypatch.setattr(ImapSession, "open", classmethod(without_idle))
    post = a_post(watching.workspace(), dovecot)
    until(lambda: state(post) == "ok")
    post.deliver(a_mail("Now"))
    until(lambda: filed(post) == 1)


def test_a_server_that_was_away_loses_nothing_and_the_api_says_what_is_wrong(
    watching: DeskUnderTest, dovecot: Dovecot
) -> None:
    server = Dovecot()  # one of the test's own, which may go away
    try:
        post = a_post(watching.workspace(), server)
        post.deliver(a_mail("Before"))
        until(lambda: filed(post) == 1)
        server.kill()
        until(lambda: state(post) == "error")
        status = post.mailbox()["imap_status"]
        assert "localhost" in status["last_error"]
        server.start()
        post.deliver(a_mail("While it was away"))
        # What waits for the next attempt is not waited for here: a change begins anew.
        post.workspace.owner.put(f"/mailboxes/{post.mailbox_id}", {"imap_port": server.port})
        until(lambda: filed(post) == 2)
        until(lambda: state(post) == "ok")
    finally:
        server.stop()


def test_a_changed_password_is_tried_at_once(watching: DeskUnderTest, dovecot: Dovecot) -> None:
    post = a_post(watching.workspace(), dovecot, imap_password="wrong")
    post.deliver(a_mail())
    until(lambda: state(post) == "error")
    path = f"/mailboxes/{post.mailbox_id}"
    post.workspace.owner.put(path, {"imap_password": dovecot.password})
    until(lambda: filed(post) == 1)


def test_a_mailbox_that_is_switched_off_is_left_alone(
    watching: DeskUnderTest, dovecot: Dovecot
) -> None:
    post = a_post(watching.workspace(), dovecot)
    until(lambda: state(post) == "ok")
    post.workspace.owner.put(f"/mailboxes/{post.mailbox_id}", {"is_active": False})
    runners = watching.application.jobs.runners
    assert runners is not None
    until(lambda: runners.units() == [])
    post.deliver(a_mail())
    time.sleep(1.5)
    assert filed(post) == 0
    post.workspace.owner.put(f"/mailboxes/{post.mailbox_id}", {"is_active": True})
    until(lambda: filed(post) == 1)


PROGRAM = """
import sys
from functools import partial
from support_core import app
from support_email.watching import fetch_once
raw = dict(line.split("=", 1) for line in sys.argv[3:])
application = app.build(raw).registry.support
print("ready", flush=True)
fetch_once(partial(application.desk, int(sys.argv[1])), int(sys.argv[2]))
print("done", flush=True)
"""

MAILS = 100
KILLS = 6


def test_a_fetcher_that_is_killed_again_and_again_loses_nothing_and_repeats_nothing(
    databases: Databases, dovecot: Dovecot, tmp_path: Path
) -> None:
    url = databases.create("killed_fetcher")
    desk = make_desk(tmp_path, url, plugins=("email",), support__sqlite__synchronous="full")
    try:
        post = a_post(desk.workspace(), dovecot)
        replies = _thread_of_mails(post)
        settings = {
            "sqlalchemy.url": url,
            "support.plugins": "email",
            "support.keys_file": str(tmp_path / "keys"),
            "support.blobs.path": str(tmp_path / "blobs"),
            "support.outgoing.allowed_networks": "127.0.0.0/8 ::1/128",
        }
        command = [
            *(sys.executable, "-W", "ignore", "-c", PROGRAM),
            *(str(post.workspace.id), str(post.mailbox_id)),
            *(f"{name}={value}" for name, value in settings.items()),
        ]
        seed = random.randrange(10**6)  # noqa: S311 - only for when to kill
        moments = random.Random(seed)  # noqa: S311
        for _ in range(KILLS):
            process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            time.sleep(moments.uniform(0.0, 0.4))
            process.kill()
            process.communicate()
        subprocess.run(command, check=True, capture_output=True)
        shown = [post.show(it["id"]) for it in _all_conversations(post)]
        threads = [it for one in shown for it in one["threads"]]
        assert [it for it in ledger_of(post) if it["state"] == "quarantined"] == [], f"seed {seed}"
        assert len(shown) == MAILS - replies, f"seed {seed}"
        assert len(threads) == MAILS, f"seed {seed}"
        for thread in threads:
            (file,) = thread["attachments"]
            content = post.workspace.owner.get(f"/attachments/{file['id']}/download").body
            assert content == thread["body_text"].strip().encode() * 50
    finally:
        desk.application.close()


def _thread_of_mails(post: Post) -> int:
    """Deliver mails of which two in five answer an earlier one; return how many do."""
    mails, replies = [], 0
    for number in range(MAILS):
        body = f"Mail {number}"
        answered = ""
        if number % 5 in {3, 4}:
            answered, replies = f"<{number - 3}@customer.example>", replies + 1
        mails.append(
            a_mail(
                body,
                to=post.address,
                files=(("file.bin", body.encode() * 50),),
                Message_ID=f"<{number}@customer.example>",
                In_Reply_To=answered,
            )
        )
    post.deliver(*mails)
    return replies


def ledger_of(post: Post) -> list[dict[str, Any]]:
    path = f"/mailboxes/{post.mailbox_id}/ingest?per_page=100"
    found: list[dict[str, Any]] = post.workspace.owner.get(path).json["data"]
    return found


def _all_conversations(post: Post) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    path = f"/conversations?mailbox_id={post.mailbox_id}&per_page=100&page="
    for number in count(1):
        page = post.workspace.owner.get(f"{path}{number}").json["data"]
        found += page
        if len(page) < 100:
            break
    return found

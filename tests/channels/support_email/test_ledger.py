"""The ledger: nothing lost, nothing twice, and one bad mail stops nobody."""

from __future__ import annotations

import errno
import mailbox as stdlib_mailbox
import os
import socket
from email import message_from_bytes
from typing import TYPE_CHECKING, Any

import pytest

from support_core.testing import assert_error, make_desk
from support_email import incoming, ledger
from support_email.imap import ImapSession
from support_email.importing import import_mails
from support_email.models import EmailIngest
from support_email.problems import MailServerError

from .wire import Post, a_mail, a_post

if TYPE_CHECKING:
    from pathlib import Path

    from support_core.testing import TestWorkspace
    from tests.services.dovecot import Dovecot


@pytest.fixture
def post(workspace: TestWorkspace, dovecot: Dovecot) -> Post:
    return a_post(workspace, dovecot)


def entries(post: Post, query: str = "") -> list[dict[str, Any]]:
    """Return the ledger by the API, oldest first."""
    path = f"/mailboxes/{post.mailbox_id}/ingest?sort=id{query}"
    found: list[dict[str, Any]] = post.workspace.owner.get(path).json["data"]
    return found


def bad(raw: bytes) -> bool:
    return b"X-Poison" in raw


@pytest.fixture
def poisoned(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the reader break on mails that say so: no known mail breaks it."""
    prepare = incoming.prepare

    def breaking(raw: bytes, *rest: Any) -> Any:
        if bad(raw):
            raise RecursionError("maximum recursion depth exceeded")
        return prepare(raw, *rest)

    monkeypatch.setattr(incoming, "prepare", breaking)


def test_a_mail_that_breaks_the_reader_is_held_and_the_next_is_filed(
    post: Post, poisoned: None
) -> None:
    post.deliver(a_mail("One"), a_mail("Bad", X_Poison="yes"), a_mail("Three"))
    assert post.fetch() == {"filed": 2, "quarantined": 1}
    (held,) = entries(post, "&state=quarantined")
    assert "RecursionError" in held["reason"]
    assert post.mailbox()["imap_status"]["state"] == "ok"
    health = post.workspace.owner.get("/channels").json["data"]
    (email,) = [it for it in health if it["name"] == "email"]
    assert any("quarantine: 1" in it["message"] for it in email["health"] if not it["ok"])


def test_a_held_mail_is_filed_once_it_can_be_read(
    post: Post, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    request.getfixturevalue("poisoned")
    mail = a_mail("Not bad at all", X_Poison="yes")
    post.deliver(mail)
    assert post.fetch() == {"quarantined": 1}
    (held,) = entries(post)
    path = f"/mailboxes/{post.mailbox_id}/ingest/{held['id']}"
    assert post.workspace.owner.get(f"{path}/raw").body.replace(b"\r\n", b"\n") == mail
    monkeypatch.undo()
    answer = post.workspace.owner.post(f"{path}/replay")
    assert answer.status_int == 200, answer.text
    assert answer.json["data"]["state"] == "filed"
    (conversation,) = post.conversations()
    assert answer.json["data"]["conversation_id"] == conversation["id"]
    assert_error(post.workspace.owner.post(f"{path}/replay"), 409, "conflict")
    assert len(post.conversations()) == 1


def test_a_mail_that_fails_while_it_is_filed_leaves_nothing_half_done(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: Any, **__: Any) -> None:
        raise KeyError("a defect behind the first rows")

    monkeypatch.setattr("support_email.filing.note_people", failing)
    post.deliver(a_mail())
    assert post.fetch() == {"quarantined": 1}
    assert post.conversations() == []


def test_a_mail_that_ended_the_process_again_and_again_is_held(post: Post) -> None:
    raw = a_mail()
    (kept,) = ledger.take_in(post.workspace.desk, post.mailbox_id, [ledger.RawMail(raw, len(raw))])
    with post.workspace.desk() as desk:
        desk.session.get_one(EmailIngest, kept.ingest_id).attempts = ledger.MOST_ATTEMPTS
    post.deliver(a_mail("The next one"))
    assert post.fetch() == {"filed": 1, "quarantined": 1}
    assert [it["reason"] for it in entries(post, "&state=quarantined")] == [ledger.CRASHED]


def test_what_was_kept_and_not_filed_is_filed_next_time(post: Post) -> None:
    raw = a_mail("From before the power cut")
    ledger.take_in(post.workspace.desk, post.mailbox_id, [ledger.RawMail(raw, len(raw))])
    assert post.conversations() == []
    assert post.fetch() == {"filed": 1}
    assert post.fetch() == {}
    assert len(post.conversations()) == 1


def test_a_mail_over_the_limit_is_filed_by_its_headers_with_a_note(
    dovecot: Dovecot, tmp_path: Path
) -> None:
    desk = make_desk(
        tmp_path,
        f"sqlite:///{tmp_path}/support.sqlite",
        plugins=("email",),
        support__email__max_bytes="100KiB",
    )
    try:
        post = a_post(desk.workspace(), dovecot)
        big = a_mail("Big", subject="Holiday photos", files=(("a.bin", b"x" * 200_000),))
        post.deliver(a_mail("One"), big, a_mail("Three"))
        assert post.fetch() == {"filed": 3}
        (listed,) = [it for it in post.conversations() if it["subject"] == "Holiday photos"]
        (thread,) = post.show(listed["id"])["threads"]
        assert "larger than what is fetched" in thread["body_text"]
        assert thread["attachments"] == []
        (shown,) = [it for it in entries(post) if it["truncated"]]
        assert shown["size"] > 200_000
    finally:
        desk.application.close()


def test_another_uidvalidity_loses_nothing_and_repeats_nothing(
    post: Post, dovecot: Dovecot
) -> None:
    post.deliver(*(a_mail(f"Mail {number}") for number in range(5)))
    assert post.fetch() == {"filed": 5}
    dovecot.new_validity(post.user)
    post.deliver(a_mail("One more"))
    assert post.fetch() == {"filed": 1, "duplicate": 5}
    assert len(post.conversations()) == 6
    assert len({it["uidvalidity"] for it in entries(post)}) == 2


def test_mail_that_was_there_before_is_left_alone_where_that_is_wished(
    workspace: TestWorkspace, dovecot: Dovecot
) -> None:
    post = a_post(workspace, dovecot, imap_start="new")
    post.deliver(a_mail("Old"), a_mail("Old, too"))
    assert post.fetch() == {}
    post.deliver(a_mail("New"))
    assert post.fetch() == {"filed": 1}


def test_a_mail_without_message_id_is_told_by_its_content(post: Post) -> None:
    mail = a_mail("Anonymous", Message_ID="")
    post.deliver(mail, mail, a_mail("Anonymous as well", Message_ID=""))
    assert post.fetch() == {"filed": 2, "duplicate": 1}


def test_mail_stays_on_the_server_unread(post: Post, dovecot: Dovecot) -> None:
    post.deliver(a_mail(), a_mail())
    post.fetch()
    with dovecot.client(post.user) as client:
        client.select("INBOX")
        assert client.search(None, "UNSEEN")[1] == [b"1 2"]


def test_a_wrong_password_is_shown_and_the_right_one_loses_nothing(post: Post) -> None:
    owner, path = post.workspace.owner, f"/mailboxes/{post.mailbox_id}"
    owner.put(path, {"imap_password": "wrong"})
    post.deliver(a_mail())
    with pytest.raises(Exception, match="refused the user name or password"):
        post.fetch()
    status = post.mailbox()["imap_status"]
    assert status["state"] == "error"
    assert "refused the user name or password" in status["last_error"]
    assert status["next_attempt_at"] is not None
    assert post.dovecot is not None
    owner.put(path, {"imap_password": post.dovecot.password})
    assert post.fetch() == {"filed": 1}
    assert post.mailbox()["imap_status"]["state"] == "ok"


def test_erased_mail_is_gone_and_never_comes_back(post: Post, dovecot: Dovecot) -> None:
    post.deliver(a_mail("My secret"))
    post.fetch()
    (conversation,) = post.conversations()
    (entry,) = entries(post)
    raw = f"/mailboxes/{post.mailbox_id}/ingest/{entry['id']}/raw"
    assert post.workspace.owner.get(raw).status_int == 200
    customer = conversation["customer"]["id"]
    assert post.workspace.owner.post(f"/customers/{customer}/erase").status_int == 200
    post.workspace.under_test.run_jobs()
    assert_error(post.workspace.owner.get(raw), 404, "not_found")
    dovecot.new_validity(post.user)
    assert post.fetch() == {"duplicate": 1}
    assert "My secret" not in post.workspace.owner.get(f"/conversations/{conversation['id']}").text
    assert len(post.conversations()) == 1


@pytest.mark.parametrize("kind", ["mbox", "maildir", "eml"])
def test_mail_is_imported_from_files_and_a_second_time_changes_nothing(
    workspace: TestWorkspace, tmp_path: Path, kind: str
) -> None:
    post = a_post(workspace)
    mails = [a_mail(f"Mail {number}\n\nFrom here on\n>From there") for number in range(7)]
    path = tmp_path / kind
    if kind == "eml":
        path.mkdir()
        for number, mail in enumerate(mails):
            (path / f"{number}.eml").write_bytes(mail)
    else:
        box = (stdlib_mailbox.mbox if kind == "mbox" else stdlib_mailbox.Maildir)(str(path))
        for mail in mails:
            box.add(message_from_bytes(mail))
        box.close()
    moved: list[int] = []
    counts = import_mails(workspace.desk, post.mailbox_id, path, moved=moved.append)
    assert counts["filed"] == 7
    assert moved[-1] == 7
    again = import_mails(workspace.desk, post.mailbox_id, path, moved=moved.append)
    assert (again["filed"], again["duplicate"]) == (0, 7)
    shown = [post.show(it["id"])["threads"][0]["body_text"] for it in post.conversations()]
    assert sorted(it.splitlines()[0] for it in shown) == [f"Mail {number}" for number in range(7)]
    assert all("From here on" in it for it in shown)


def test_a_full_disk_is_shown_and_loses_nothing(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    post.deliver(a_mail("One"), a_mail("Two"))
    blobs = post.workspace.under_test.application.blobs
    monkeypatch.setattr(blobs, "put_all", full)
    with pytest.raises(OSError, match="No space left"):
        post.fetch()
    status = post.mailbox()["imap_status"]
    assert status["state"] == "error"
    assert "No space left on device" in status["last_error"]
    monkeypatch.undo()
    assert post.fetch() == {"filed": 2}


def test_a_disk_that_fills_up_between_keeping_and_filing_holds_no_mail_against_it(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    post.deliver(a_mail("One", files=(("a.bin", b"x"),)))
    monkeypatch.setattr("support_email.storing.Store.files", full)
    for _ in range(ledger.MOST_ATTEMPTS + 2):
        with pytest.raises(OSError, match="No space left"):
            post.fetch()
    monkeypatch.undo()
    assert post.fetch() == {"filed": 1}


def test_a_connection_that_breaks_off_in_the_middle_loses_nothing(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetched = ImapSession.mails
    calls = iter(range(100))

    def breaking(session: ImapSession, *arguments: Any, **options: Any) -> Any:
        if next(calls) == 1:
            session.client.socket().shutdown(socket.SHUT_RDWR)
        return fetched(session, *arguments, **options)

    monkeypatch.setattr(ImapSession, "mails", breaking)
    monkeypatch.setattr("support_email.fetching.PIECE", 2)
    post.deliver(*(a_mail(f"Mail {number}") for number in range(6)))
    with pytest.raises(MailServerError):
        post.fetch()
    assert len(post.conversations()) == 2
    assert "localhost" in post.mailbox()["imap_status"]["last_error"]
    assert post.fetch() == {"filed": 4}

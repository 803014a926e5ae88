"""What goes wrong around a mailbox is a clear state in the API, and the next mail is filed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from support_core.testing import make_desk
from support_email.imap import ImapSession
from support_email.problems import MailServerError
from tests.services.dovecot import Dovecot
from tests.services.process import free_port

from .wire import Post, a_mail, a_post

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support_core.testing import DeskUnderTest

HUGE = 60_000_000


@pytest.fixture(scope="module")
def expired() -> Iterator[Dovecot]:
    """A server whose certificate ended yesterday."""
    server = Dovecot(expired=True)
    yield server
    server.stop()


@pytest.fixture
def trusting(expired: Dovecot, dovecot: Dovecot, tmp_path: Path) -> Iterator[DeskUnderTest]:
    """A desk that trusts the authorities of both servers."""
    written = []
    for number, server in enumerate((expired, dovecot)):
        folder = tmp_path / str(number)
        folder.mkdir()
        written.append(server.authority.write(folder).read_text())
    ca_file = tmp_path / "authorities.pem"
    ca_file.write_text("".join(written))
    desk = make_desk(
        tmp_path,
        f"sqlite:///{tmp_path}/support.sqlite",
        plugins=("email",),
        support__email__ca_file=str(ca_file),
    )
    yield desk
    desk.application.close()


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"imap_host": "imap.nowhere.invalid"}, r"resolve: .*imap\.nowhere\.invalid"),
        ({"imap_port": "free"}, r"connect: "),
        ({"imap_port": "expired", "imap_encryption": "ssl"}, "TLS: .*certificate has expired"),
        ({"imap_username": "somebody", "imap_password": "wrong"}, "login: .*refused the user name"),
        ({"imap_folder": "Nowhere"}, "select: .*no folder Nowhere"),
    ],
    ids=["wrong host", "wrong port", "expired certificate", "password", "folder"],
)
def test_a_mailbox_that_cannot_be_fetched_says_why_and_goes_on_once_it_can(
    trusting: DeskUnderTest,
    expired: Dovecot,
    dovecot: Dovecot,
    changed: dict[str, Any],
    told: str,
) -> None:
    ports = {"free": free_port(), "expired": expired.tls_port}
    values = {
        name: ports.get(it, it) if name == "imap_port" else it for name, it in changed.items()
    }
    post = a_post(trusting.workspace(), dovecot)
    good = {name: post.mailbox()[name] for name in values if name != "imap_password"}
    post.deliver(a_mail("One"))
    assert post.fetch() == {"filed": 1}
    owner, path = post.workspace.owner, f"/mailboxes/{post.mailbox_id}"
    assert owner.put(path, values).status_int == 200
    post.deliver(a_mail("Two"))
    with pytest.raises(MailServerError):
        post.fetch()
    status = post.mailbox()["imap_status"]
    assert status["state"] == "error"
    assert re.search(told, status["last_error"])
    assert status["next_attempt_at"] is not None
    assert "wrong" not in status["last_error"]
    owner.put(path, {**good, "imap_password": dovecot.password})
    assert post.fetch()["filed"] == 1
    assert post.mailbox()["imap_status"]["state"] == "ok"
    assert len(post.conversations()) == 2


def test_a_mail_of_sixty_megabytes_is_never_taken_into_memory_and_the_next_is_filed(
    trusting: DeskUnderTest, dovecot: Dovecot, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetched: list[int] = []
    mails = ImapSession.mails

    def counting(session: ImapSession, *arguments: Any, **options: Any) -> Any:
        answers = mails(session, *arguments, **options)
        fetched.extend(
            len(part) for it in answers.values() for part in it.values() if isinstance(part, bytes)
        )
        return answers

    monkeypatch.setattr(ImapSession, "mails", counting)
    post: Post = a_post(trusting.workspace(), dovecot)
    head, _, body = a_mail("", subject="A film").partition(b"\n\n")
    line = b"x" * 76 + b"\r\n"
    huge = head.replace(b"\n", b"\r\n") + b"\r\n\r\n" + body + line * (HUGE // len(line))
    post.deliver(a_mail("One"), huge, a_mail("Three"))
    assert post.fetch() == {"filed": 3}
    assert sum(fetched) < 10_000
    path = f"/mailboxes/{post.mailbox_id}/ingest"
    (entry,) = [it for it in post.workspace.owner.get(path).json["data"] if it["truncated"]]
    assert entry["size"] > HUGE - len(line)
    (thread,) = post.show(entry["conversation_id"])["threads"]
    assert "still in the mailbox INBOX" in thread["body_text"]
    assert post.mailbox()["imap_status"]["state"] == "ok"

"""SMTP connections serve several mails, and none is lost or doubled by one that has ended."""

from __future__ import annotations

import shutil
import socket
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from support_core.testing import make_desk
from support_email import reuse
from support_email.sending import OVERTAKEN
from support_email.sessions import connections_of
from tests.services.certificates import Authority
from tests.services.smtp import SmtpServer
from tests.waiting import until

from .wire import Post, a_mail, a_post, smtp_fields

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support_core.testing import TestWorkspace
    from support_email.smtp import SmtpSession


@pytest.fixture(autouse=True)
def _alone(workspace: TestWorkspace, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let no connection of other tests wait, and a busy machine take its time between two mails."""
    monkeypatch.setattr(reuse, "IDLE_SECONDS", 600.0)
    monkeypatch.setattr("support_email.smtp.CHECK_SECONDS", 60.0)
    with closing(reuse.Connections()) as own:
        extensions = workspace.under_test.application.extensions
        monkeypatch.setitem(extensions, "email.connections", own)
        yield


@pytest.fixture
def post(workspace: TestWorkspace, smtp: SmtpServer) -> Post:
    return a_post(workspace, **smtp_fields(smtp))


@pytest.fixture
def conversation(post: Post) -> int:
    post.take(a_mail("Where is it?", to=post.address))
    found: int = post.conversations()[0]["id"]
    return found


def connections(smtp: SmtpServer) -> list[int]:
    """Return how many mails each connection has carried."""
    ports = [it.connection for it in smtp.taken]
    return [ports.count(it) for it in dict.fromkeys(ports)]


def waiting(post: Post) -> list[SmtpSession]:
    """Return the connections that wait for another mail of the mailbox."""
    with post.workspace.desk() as desk:
        found = connections_of(desk)._waiting
    return [it.session for it in found if it.key[:2] == (post.workspace.id, post.mailbox_id)]


def cut(post: Post) -> None:
    """Let the waiting connections end as a server or a firewall ends them, without a word."""
    for it in waiting(post):
        it._client.sock.shutdown(socket.SHUT_RDWR)


def states(post: Post, conversation: int) -> list[str]:
    threads = post.show(conversation)["threads"]
    return [it["delivery"]["state"] for it in threads if it["type"] == "message"]


def test_a_burst_goes_over_one_connection(post: Post, conversation: int, smtp: SmtpServer) -> None:
    for number in range(5):
        path = f"/conversations/{conversation}/reply"
        post.workspace.owner.post(path, {"body": f"Answer {number}"})
    post.workspace.under_test.run_jobs()
    assert states(post, conversation) == ["sent"] * 5
    assert connections(smtp) == [5]
    assert len({it.mail["Message-ID"] for it in smtp.taken}) == 5


def test_mailboxes_do_not_share_connections(
    post: Post, conversation: int, workspace: TestWorkspace, smtp: SmtpServer
) -> None:
    other = a_post(workspace, **smtp_fields(smtp))
    other.take(a_mail("Where is it?", to=other.address))
    post.reply(conversation)
    other.reply(other.conversations()[0]["id"])
    assert connections(smtp) == [1, 1]


@pytest.mark.parametrize("checked", [True, False], ids=["found by the check", "found by MAIL"])
def test_a_connection_that_ended_meanwhile_is_replaced_and_nothing_lost_or_doubled(
    post: Post,
    conversation: int,
    smtp: SmtpServer,
    monkeypatch: pytest.MonkeyPatch,
    *,
    checked: bool,
) -> None:
    post.reply(conversation)
    cut(post)
    if not checked:
        monkeypatch.setattr("support_email.smtp.SmtpSession.is_alive", lambda _: True)
    thread = post.reply(conversation)
    assert thread["delivery"]["state"] == "sent"
    assert thread["delivery"]["attempts"] == 1
    assert connections(smtp) == [1, 1]


def test_a_server_that_takes_no_more_mails_on_a_connection_is_given_them_on_another(
    post: Post, conversation: int, smtp: SmtpServer
) -> None:
    post.reply(conversation)
    smtp.senders[post.address] = "421 4.7.0 Too many mails on this connection"
    cleared = smtp.senders.clear
    session = waiting(post)[0]
    begun = session._begun

    def once(*arguments: Any) -> Any:
        try:
            return begun(*arguments)
        finally:
            cleared()

    session._begun = once  # type: ignore[method-assign]
    assert post.reply(conversation)["delivery"]["state"] == "sent"
    assert connections(smtp) == [1, 1]


def test_a_connection_carries_so_many_mails(
    post: Post, conversation: int, smtp: SmtpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reuse, "MOST_MAILS", 2)
    for _ in range(5):
        post.reply(conversation)
    assert connections(smtp) == [2, 2, 1]


def test_a_connection_waits_so_long_even_where_others_wait_longer(
    post: Post, conversation: int, smtp: SmtpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = a_post(post.workspace, **smtp_fields(smtp))
    other.take(a_mail("Where is it?", to=other.address))
    other.reply(other.conversations()[0]["id"])
    monkeypatch.setattr(reuse, "IDLE_SECONDS", 0.05)
    post.reply(conversation)
    until(lambda: not waiting(post))
    assert len(waiting(other)) == 1
    post.reply(conversation)
    assert connections(smtp) == [1, 1, 1]


def test_where_too_many_wait_the_one_that_waited_longest_makes_room(
    post: Post, conversation: int, smtp: SmtpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reuse, "MOST", 1)
    other = a_post(post.workspace, **smtp_fields(smtp))
    other.take(a_mail("Where is it?", to=other.address))
    post.reply(conversation)
    other.reply(other.conversations()[0]["id"])
    other.reply(other.conversations()[0]["id"])
    assert waiting(post) == []
    assert connections(smtp) == [1, 2]


def test_changed_settings_take_a_new_connection(
    post: Post, conversation: int, smtp: SmtpServer
) -> None:
    post.reply(conversation)
    with SmtpServer() as other:
        post.workspace.owner.put(f"/mailboxes/{post.mailbox_id}", {"smtp_port": other.port})
        post.reply(conversation)
        assert (len(smtp.taken), len(other.taken)) == (1, 1)


def test_changed_authorities_take_a_new_connection(tmp_path: Path) -> None:
    trusted, other = Authority(), Authority()
    ca_file = trusted.write(tmp_path)
    desk = make_desk(
        tmp_path,
        f"sqlite:///{tmp_path}/support.sqlite",
        plugins=("email",),
        support__email__ca_file=str(ca_file),
    )
    try:
        certificate = trusted.issue(tmp_path, "localhost")
        with SmtpServer(certificate=certificate, tls_from_start=True) as server:
            post = a_post(desk.workspace(), **smtp_fields(server, smtp_encryption="ssl"))
            post.take(a_mail(to=post.address))
            (conversation,) = post.conversations()
            assert post.reply(conversation["id"])["delivery"]["state"] == "sent"
            folder = tmp_path / "other"
            folder.mkdir()
            shutil.copyfile(other.write(folder), ca_file)
            thread = post.reply(conversation["id"])
            assert thread["delivery"]["state"] == "pending"
            assert "certificate" in thread["delivery"]["error"]
            assert len(server.taken) == 1
    finally:
        desk.application.close()


def test_a_connection_that_broke_in_a_mail_is_not_used_again(
    post: Post, conversation: int, smtp: SmtpServer
) -> None:
    smtp.answers.append("hang up")
    assert post.reply(conversation)["delivery"]["state"] == "failed"
    assert waiting(post) == []
    assert post.reply(conversation)["delivery"]["state"] == "sent"


def test_a_refused_mail_leaves_the_connection_good_for_the_next(
    post: Post, conversation: int, smtp: SmtpServer
) -> None:
    smtp.answers.append("554 5.7.1 We do not want it")
    assert post.reply(conversation)["delivery"]["state"] == "failed"
    assert post.reply(conversation)["delivery"]["state"] == "sent"
    assert len({it.connection for it in smtp.mails}) == 1


def test_an_attempt_that_was_silent_for_long_does_not_send_what_another_has_sent(
    post: Post, conversation: int, smtp: SmtpServer
) -> None:
    """The first attempt is held at RCPT while its lease passes to a second, which goes on."""
    application = post.workspace.under_test.application
    seen: list[str] = []

    def overtake(address: str) -> None:
        seen.append(address)
        if len(seen) == 1:
            with application.database.engine.begin() as connection:
                connection.exec_driver_sql(
                    "UPDATE email_sendings SET state = 'data' WHERE state = 'ready'"
                )

    smtp.on_recipient = overtake
    thread = post.reply(conversation)
    assert thread["delivery"]["error"] == OVERTAKEN
    assert smtp.mails == []

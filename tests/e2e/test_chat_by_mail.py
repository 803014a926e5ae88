"""Visitors who leave: one mail for a burst, nothing that was read, and the answer comes back."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from support_chat.continuity import mail_unread
from support_core.jobs import JobContext
from support_core.testing import DeskUnderTest, TestWorkspace, make_desk
from support_email.following_up import mail_replies
from tests.channels.support_chat.visitor import Site, Visitor
from tests.channels.support_email.wire import Post, a_mail, smtp_fields
from tests.services.smtp import SmtpServer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.services.databases import Databases


@pytest.fixture(scope="module")
def desk(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeskUnderTest]:
    """A desk with chat and e-mail."""
    under_test = make_desk(
        tmp_path_factory.mktemp("continuity"),
        databases.create("chat_continuity"),
        plugins=("chat", "email", "plans"),
    )
    yield under_test
    under_test.application.close()


@pytest.fixture
def workspace(desk: DeskUnderTest) -> TestWorkspace:
    return desk.workspace()


@pytest.fixture
def smtp() -> Iterator[SmtpServer]:
    with SmtpServer() as server:
        yield server


@pytest.fixture
def post(workspace: TestWorkspace, smtp: SmtpServer) -> Post:
    mailbox = workspace.mailbox(email="chat@desk.example", **smtp_fields(smtp))
    return Post(workspace, mailbox, "", "chat@desk.example")


@pytest.fixture
def visitor(post: Post) -> Visitor:
    """Somebody who gave an address, wrote, and left."""
    site = Site.of(post.workspace, mailbox_id=post.mailbox_id)
    found = site.visitor()
    found.start("Where is my order?", email="vera@customer.example", name="Vera")
    return found


@contextmanager
def later(workspace: TestWorkspace, **span: float) -> Iterator[None]:
    """Let time have passed."""
    application = workspace.under_test.application
    clock = application.clock
    application.clock = lambda: clock() + timedelta(**span)
    try:
        yield
    finally:
        application.clock = clock


def look(visitor: Visitor) -> None:
    """Let the job have its time, and what comes of it."""
    workspace = visitor.site.workspace
    application = workspace.under_test.application
    mail_unread(JobContext(application, workspace.id, message_id="m"), visitor.conversation_id)
    workspace.under_test.run_jobs()


def test_a_burst_is_one_mail_after_a_while(visitor: Visitor, smtp: SmtpServer) -> None:
    for body in ("It left yesterday.", "It should be there tomorrow."):
        visitor.reply(body)
    visitor.reply("INTERNAL", type="note")
    look(visitor)
    assert smtp.mails == []
    with later(visitor.site.workspace, minutes=6):
        look(visitor)
        look(visitor)
    (taken,) = smtp.mails
    assert taken.recipients == ("vera@customer.example",)
    text = taken.mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert "It left yesterday." in text
    assert "It should be there tomorrow." in text
    assert "Olivia Owner" in text
    assert "INTERNAL" not in text
    assert "Where is my order?" not in text
    visitor.reply("And one more thing.")
    with later(visitor.site.workspace, minutes=20):
        look(visitor)
    assert len(smtp.mails) == 2
    again = smtp.mails[1].mail
    assert "yesterday" not in again.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert again["In-Reply-To"] == taken.mail["Message-ID"]


def test_what_was_read_in_the_chat_is_not_mailed(visitor: Visitor, smtp: SmtpServer) -> None:
    read = visitor.reply("Seen here.")
    visitor.post("read", conversation_id=visitor.conversation_id, last_read_id=read["id"])
    (shown,) = [it for it in visitor.conversation()["threads"] if it["id"] == read["id"]]
    assert shown["delivery"]["state"] == "read"
    with later(visitor.site.workspace, minutes=6):
        look(visitor)
    assert smtp.mails == []
    visitor.reply("Not seen.")
    with later(visitor.site.workspace, minutes=12):
        look(visitor)
    (taken,) = smtp.mails
    text = taken.mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert "Not seen." in text
    assert "Seen here." not in text


def test_nothing_is_mailed_while_the_visitor_is_there_or_where_there_is_no_address(
    visitor: Visitor, smtp: SmtpServer
) -> None:
    visitor.reply("Still there?")
    nameless = visitor.site.visitor()
    nameless.start("Hello")
    nameless.reply("Hello")
    with later(visitor.site.workspace, minutes=6):
        visitor.post("visit")
        look(visitor)
        look(nameless)
    assert smtp.mails == []


def test_the_mailed_answer_comes_back_into_the_chat(
    visitor: Visitor, post: Post, smtp: SmtpServer
) -> None:
    visitor.reply("It left yesterday.")
    with later(visitor.site.workspace, minutes=6):
        look(visitor)
    (taken,) = smtp.mails
    answer = a_mail(
        "Thank you, it is here!",
        sender="Vera <vera@customer.example>",
        to=str(taken.mail["Reply-To"] or taken.mail["From"]),
        subject=f"Re: {taken.mail['Subject']}",
        In_Reply_To=str(taken.mail["Message-ID"]),
    )
    post.take(answer)
    assert [it["body"].strip() for it in visitor.history()] == [
        "Where is my order?",
        "It left yesterday.",
        "Thank you, it is here!",
    ]
    assert visitor.conversation()["channel"] == "chat"


def test_a_stranger_who_answers_the_mail_gets_a_conversation_of_their_own(
    visitor: Visitor, post: Post, smtp: SmtpServer
) -> None:
    visitor.reply("It left yesterday.")
    with later(visitor.site.workspace, minutes=6):
        look(visitor)
    answer = a_mail(
        "Let me in",
        sender="mallory@evil.example",
        to=str(smtp.mails[0].mail["Reply-To"]),
        In_Reply_To=str(smtp.mails[0].mail["Message-ID"]),
    )
    post.take(answer)
    assert len(visitor.history()) == 2


def test_a_server_that_is_away_gets_the_mail_later_and_once(
    visitor: Visitor, smtp: SmtpServer
) -> None:
    smtp.answers.append("451 4.3.0 Not just now")
    reply = visitor.reply("It left yesterday.")
    workspace = visitor.site.workspace
    with later(workspace, minutes=6):
        look(visitor)
    context = JobContext(workspace.under_test.application, workspace.id, message_id="m")
    for _ in range(2):  # once more than needed, as after a crash
        mail_replies(context, visitor.conversation_id, reply["id"])
    assert [it.answer[:3] for it in smtp.mails] == ["451", "250"]
    assert smtp.mails[0].mail["Message-ID"] == smtp.mails[1].mail["Message-ID"]

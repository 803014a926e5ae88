"""Mail that no person wrote: bounces, absence notes, lists, and our own answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from support_core.testing import make_desk
from tests.services.smtp import SmtpServer

from .wire import Post, a_mail, a_post, smtp_fields

if TYPE_CHECKING:
    from pathlib import Path

    from support_core.testing import TestWorkspace

CARLA = "carla@customer.example"
AUTO = {
    "auto_reply_enabled": True,
    "auto_reply_subject": "We have your mail",
    "auto_reply_body": "We answer within a day.",
}

BOUNCE = """\
From: MAILER-DAEMON@mail.example
To: {to}
Subject: Undelivered Mail Returned to Sender
Message-ID: <bounce-{number}@mail.example>
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

The mail could not be delivered.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mail.example

Final-Recipient: rfc822; {recipient}
Action: {action}
Status: {status}
Diagnostic-Code: smtp; {code} {words}

--b
Content-Type: text/rfc822-headers

Message-ID: {original}
Subject: Re: My order

--b--
"""


def a_bounce(post: Post, original: str, **values: Any) -> bytes:
    facts = {
        "to": post.address,
        "number": 1,
        "recipient": CARLA,
        "action": "failed",
        "status": "5.1.1",
        "code": "550",
        "words": "no such user",
        "original": original,
        **values,
    }
    return BOUNCE.format(**facts).replace("\n", "\r\n").encode()


@pytest.fixture
def post(workspace: TestWorkspace, smtp: SmtpServer) -> Post:
    return a_post(workspace, **smtp_fields(smtp))


@pytest.fixture
def sent(post: Post, smtp: SmtpServer) -> str:
    """The Message-ID of a reply to Carla and to Fred."""
    post.take(a_mail("Where is it?", to=post.address))
    post.reply(post.conversations()[0]["id"], cc=["fred@friends.example"])
    return str(smtp.taken[-1].mail["Message-ID"])


def delivery(post: Post) -> dict[str, Any]:
    threads = post.show(post.conversations()[0]["id"])["threads"]
    (found,) = [it["delivery"] for it in threads if it["type"] == "message"]
    return dict(found)


def recipient(post: Post, address: str) -> dict[str, Any]:
    (found,) = [it for it in delivery(post)["recipients"] if it["address"] == address]
    return dict(found)


def test_a_bounce_tells_the_delivery_which_recipient_failed(post: Post, sent: str) -> None:
    post.take(a_bounce(post, sent))
    assert recipient(post, CARLA)["state"] == "failed"
    assert "no such user" in recipient(post, CARLA)["error"]
    assert recipient(post, "fred@friends.example")["state"] == "taken"
    assert delivery(post)["state"] == "sent"
    post.take(a_bounce(post, sent, number=2, recipient="fred@friends.example"))
    assert delivery(post)["state"] == "failed"
    (conversation,) = post.conversations()
    notes = [it for it in post.show(conversation["id"])["threads"] if it["type"] == "note"]
    assert [it["meta"]["kind"] for it in notes] == ["bounce", "bounce"]
    assert CARLA in notes[0]["body_text"]


def test_a_delay_is_no_failure(post: Post, sent: str) -> None:
    post.take(a_bounce(post, sent, action="delayed", status="4.4.1", code="451", words="later"))
    assert recipient(post, CARLA)["state"] == "delayed"
    assert delivery(post)["state"] == "sent"


def test_a_bounce_of_a_closed_conversation_reopens_nothing(post: Post, sent: str) -> None:
    (conversation,) = post.conversations()
    path = f"/conversations/{conversation['id']}/status"
    post.workspace.owner.patch(path, {"status": "closed"})
    post.take(a_bounce(post, sent))
    assert post.show(conversation["id"])["status"] == "closed"


def test_a_bounce_of_a_mail_that_we_have_not_sent_touches_no_delivery(
    post: Post, sent: str
) -> None:
    post.take(a_bounce(post, "<guessed@desk.example>"))
    assert recipient(post, CARLA)["state"] == "taken"


def test_an_absence_note_is_marked_and_reopens_nothing(
    post: Post, sent: str, smtp: SmtpServer
) -> None:
    (conversation,) = post.conversations()
    path = f"/conversations/{conversation['id']}"
    post.workspace.owner.patch(f"{path}/status", {"status": "closed"})
    note = a_mail("I am away", to=post.address, In_Reply_To=sent, Auto_Submitted="auto-replied")
    before = len(smtp.mails)
    post.take(note)
    shown = post.show(conversation["id"])
    assert shown["status"] == "closed"
    assert shown["threads"][-1]["type"] == "customer"
    assert shown["threads"][-1]["meta"]["kind"] == "auto_reply"
    assert len(smtp.mails) == before


@pytest.fixture
def answering(workspace: TestWorkspace, smtp: SmtpServer) -> Post:
    return a_post(workspace, **AUTO, **smtp_fields(smtp))


def test_a_new_conversation_is_answered_by_rfc_3834(answering: Post, smtp: SmtpServer) -> None:
    answering.take(a_mail(to=answering.address, Message_ID="<q@customer.example>"))
    (taken,) = smtp.taken
    mail = taken.mail
    assert taken.sender == ""
    assert taken.recipients == (CARLA,)
    assert mail["Auto-Submitted"] == "auto-replied"
    assert mail["Subject"] == "We have your mail"
    assert mail["In-Reply-To"] == "<q@customer.example>"
    assert "within a day" in mail.get_body(("plain",)).get_content()
    answering.take(a_mail("Good", to=answering.address, In_Reply_To=mail["Message-ID"]))
    assert len(answering.conversations()) == 1
    assert len(smtp.taken) == 1


def test_one_sender_is_answered_once_a_day_and_another_too(
    answering: Post, smtp: SmtpServer
) -> None:
    for _ in range(3):
        answering.take(a_mail(to=answering.address))
    answering.take(a_mail(to=answering.address, sender="dora@customer.example"))
    assert [it.recipients for it in smtp.taken] == [(CARLA,), ("dora@customer.example",)]


@pytest.mark.parametrize(
    "headers",
    [
        {"Auto_Submitted": "auto-generated"},
        {"Precedence": "bulk"},
        {"List_Id": "<list.example>"},
        {"Return_Path": "<>"},
        {"X_Auto_Response_Suppress": "All"},
    ],
)
def test_automatic_mail_is_never_answered(
    answering: Post, smtp: SmtpServer, headers: dict[str, str]
) -> None:
    answering.take(a_mail(to=answering.address, **headers))
    assert len(answering.conversations()) == 1
    assert smtp.mails == []


def test_a_server_that_minds_the_null_sender_gets_the_mailboxs_address(
    answering: Post, smtp: SmtpServer
) -> None:
    smtp.senders[""] = "553 5.7.1 Sender refused"
    answering.take(a_mail(to=answering.address))
    assert [it.sender for it in smtp.taken] == [answering.address]


def test_an_answer_of_unknown_fate_is_not_sent_again(answering: Post, smtp: SmtpServer) -> None:
    smtp.answers.append("hang up")
    answering.take(a_mail(to=answering.address))
    answering.workspace.under_test.run_jobs()
    assert len(smtp.mails) == 1
    path = f"/mailboxes/{answering.mailbox_id}/ingest"
    (shown,) = answering.workspace.owner.get(path).json["data"]
    assert shown["answer"] == "uncertain"


def test_two_desks_that_answer_by_themselves_do_not_mail_each_other_for_ever(
    workspace: TestWorkspace, tmp_path: Path
) -> None:
    there = make_desk(tmp_path, f"sqlite:///{tmp_path}/there.sqlite", plugins=("email",))
    try:
        with SmtpServer() as wire:
            ours = a_post(workspace, email="help@ours.example", **AUTO, **smtp_fields(wire))
            theirs = a_post(
                there.workspace(), email="help@theirs.example", **AUTO, **smtp_fields(wire)
            )
            by_domain = {"ours.example": ours, "theirs.example": theirs}
            ours.take(a_mail(sender="help@theirs.example", to="help@ours.example"))
            delivered = 0
            while delivered < len(wire.taken) < 20:
                taken = wire.taken[delivered]
                delivered += 1
                by_domain[taken.recipients[0].partition("@")[2]].take(taken.content)
            assert len(wire.taken) <= 2
            assert delivered == len(wire.taken)
    finally:
        there.application.close()

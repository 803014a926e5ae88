"""Replies on the wire: what they look like, who gets them, and never twice without a word."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from support_core.testing import assert_invalid, make_desk
from support_email.sending import NO_SERVER, UNCERTAIN
from tests.services.process import free_port
from tests.services.smtp import SmtpServer

from .wire import Post, a_mail, a_post, smtp_fields

if TYPE_CHECKING:
    from pathlib import Path

    from support_core.testing import TestWorkspace
    from tests.services.dovecot import Dovecot

CARLA = "carla@customer.example"


@pytest.fixture
def post(workspace: TestWorkspace, smtp: SmtpServer) -> Post:
    return a_post(workspace, **smtp_fields(smtp))


@pytest.fixture
def conversation(post: Post) -> int:
    post.take(a_mail("Where is it?", to=post.address, Message_ID="<first@customer.example>"))
    found: int = post.conversations()[0]["id"]
    return found


def plain(mail: Any) -> str:
    """Return a mail's plain text, with the line ends of this system."""
    text: str = mail.get_body(("plain",)).get_content()
    return text.replace("\r\n", "\n")


def delivery_of(post: Post, conversation: int, thread: dict[str, Any]) -> dict[str, Any]:
    threads = post.show(conversation)["threads"]
    (found,) = [it["delivery"] for it in threads if it["id"] == thread["id"]]
    return dict(found)


def retry_job(post: Post, conversation: int, thread: dict[str, Any]) -> dict[str, Any]:
    """Bring the next attempt forward, as time does; return the delivery after it."""
    database = post.workspace.under_test.application.database
    with database.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE jobs SET state = 'queued' WHERE state = 'delayed'")
    post.workspace.under_test.run_jobs()
    return delivery_of(post, conversation, thread)


def test_a_reply_is_text_and_html_with_signature_and_headers_that_thread(
    workspace: TestWorkspace, smtp: SmtpServer
) -> None:
    post = a_post(
        workspace, from_name="Bücher & Co", signature="Yours\nThe desk", **smtp_fields(smtp)
    )
    post.take(a_mail("Hi", to=post.address, Message_ID="<one@c.example>", subject="Größe"))
    (listed,) = post.conversations()
    post.reply(listed["id"], "5 < 6 & so on")
    first = smtp.taken[-1].mail
    post.take(a_mail("Ok", to=post.address, In_Reply_To=first["Message-ID"], Message_ID="<two@c>"))
    post.reply(listed["id"], "<p>In <b>HTML</b></p><script>x</script>", body_format="html")
    second = smtp.taken[-1].mail

    assert first["From"] == f"Bücher & Co <{post.address}>"
    assert first["To"] == CARLA
    assert first["Subject"] == "Re: Größe"
    assert first["In-Reply-To"] == "<one@c.example>"
    assert first.get_content_type() == "multipart/alternative"
    assert plain(first) == "5 < 6 & so on\n\n-- \nYours\nThe desk\n"
    assert "5 &lt; 6 &amp; so on" in first.get_body(("html",)).get_content()
    assert second["In-Reply-To"] == "<two@c>"
    assert second["References"].split() == ["<one@c.example>", first["Message-ID"], "<two@c>"]
    assert "<b>HTML</b>" in second.get_body(("html",)).get_content()
    assert "script" not in second.get_body(("html",)).get_content()
    assert "In HTML" in plain(second)
    assert all(len(line) <= 998 for line in smtp.taken[-1].content.splitlines())


def test_an_agents_own_conversation_begins_with_its_subject(post: Post, smtp: SmtpServer) -> None:
    body = {
        "mailbox_id": post.mailbox_id,
        "customer_email": CARLA,
        "subject": "Your order is late",
        "body": "We are sorry.",
        "channel": "email",
        "type": "message",
    }
    made = post.workspace.owner.post("/conversations", body)
    assert made.status_int == 201, made.text
    post.workspace.under_test.run_jobs()
    mail = smtp.taken[-1].mail
    assert mail["Subject"] == "Your order is late"
    assert mail["References"] is None
    post.take(a_mail("Thanks", to=post.address, In_Reply_To=mail["Message-ID"]))
    assert len(post.conversations()) == 1


def test_recipients_are_computed_with_a_reason_and_blind_copies_stay_blind(
    post: Post, smtp: SmtpServer
) -> None:
    other = a_post(post.workspace)
    to = f"{post.address}, tom@friends.example"
    cc = f"fred@friends.example, {other.address}, FRED@friends.example"
    post.take(a_mail("Hi", to=to, Cc=cc))
    (conversation,) = post.conversations()
    thread = post.reply(
        conversation["id"], cc=["boss@desk.example"], bcc=["audit@desk.example", CARLA]
    )
    recipients = thread["delivery"]["recipients"]
    assert {(it["type"], it["address"]) for it in recipients} == {
        ("to", CARLA),
        ("cc", "boss@desk.example"),
        ("bcc", "audit@desk.example"),
        ("cc", "tom@friends.example"),
        ("cc", "fred@friends.example"),
    }
    assert all(it["reason"] for it in recipients)
    taken = smtp.taken[-1]
    assert sorted(taken.recipients) == sorted(it["address"] for it in recipients)
    assert b"audit@desk.example" not in taken.content
    assert taken.mail["Bcc"] is None


def test_answers_go_where_the_customer_wants_them(post: Post, smtp: SmtpServer) -> None:
    post.take(a_mail("Hi", to=post.address, Reply_To="Office <office@customer.example>"))
    (conversation,) = post.conversations()
    post.reply(conversation["id"])
    assert smtp.taken[-1].recipients == ("office@customer.example",)


def test_files_go_with_a_reply_byte_for_byte(
    post: Post, conversation: int, smtp: SmtpServer
) -> None:
    content = bytes(range(256)) * 40
    uploaded = post.workspace.owner.upload("Übersicht.bin", content).json["data"]["id"]
    post.reply(conversation, attachment_ids=[uploaded])
    (file,) = smtp.taken[-1].mail.iter_attachments()
    assert file.get_filename() == "Übersicht.bin"
    assert file.get_content() == content


def test_history_is_quoted_where_that_is_wished(workspace: TestWorkspace, smtp: SmtpServer) -> None:
    post = a_post(workspace, quote_history=True, **smtp_fields(smtp))
    post.take(a_mail("First line\nSecond line", to=post.address))
    post.reply(post.conversations()[0]["id"], "An answer.")
    text = plain(smtp.taken[-1].mail)
    assert text.startswith("An answer.\n\nOn ")
    assert text.endswith("wrote:\n> First line\n> Second line\n")


def test_without_a_server_nothing_can_be_answered_and_the_api_says_why(
    workspace: TestWorkspace,
) -> None:
    post = a_post(workspace)
    post.take(a_mail(to=post.address))
    (conversation,) = post.conversations()
    assert post.show(conversation["id"])["can_reply"]["reason"] == NO_SERVER
    answer = workspace.owner.post(f"/conversations/{conversation['id']}/reply", {"body": "x"})
    assert_invalid(answer, body=NO_SERVER)


def test_a_server_that_is_away_is_tried_again(workspace: TestWorkspace, smtp: SmtpServer) -> None:
    post = a_post(workspace, **smtp_fields(smtp) | {"smtp_port": free_port()})
    post.take(a_mail(to=post.address))
    conversation = post.conversations()[0]["id"]
    thread = post.reply(conversation)
    assert thread["delivery"]["state"] == "pending"
    assert "cannot be reached" in thread["delivery"]["error"]
    workspace.owner.put(f"/mailboxes/{post.mailbox_id}", {"smtp_port": smtp.port})
    assert retry_job(post, conversation, thread)["state"] == "sent"
    assert len(smtp.taken) == 1


def test_one_recipient_refused_for_good_is_shown_and_the_others_get_the_mail_once(
    post: Post, conversation: int, smtp: SmtpServer
) -> None:
    smtp.recipients["gone@friends.example"] = ["550 5.1.1 No such user"]
    thread = post.reply(conversation, cc=["gone@friends.example", "fred@friends.example"])
    assert thread["delivery"]["state"] == "sent"
    states = {it["address"]: it["state"] for it in thread["delivery"]["recipients"]}
    assert states == {
        CARLA: "taken",
        "gone@friends.example": "failed",
        "fred@friends.example": "taken",
    }
    (gone,) = [it for it in thread["delivery"]["recipients"] if it["state"] == "failed"]
    assert gone["error"] == "550 5.1.1 No such user"
    assert len(smtp.taken) == 1


def test_one_recipient_refused_for_now_gets_the_mail_later_and_the_others_no_second_one(
    post: Post, conversation: int, smtp: SmtpServer
) -> None:
    smtp.recipients["busy@friends.example"] = ["450 4.2.0 Greylisted", "250 OK"]
    thread = post.reply(conversation, cc=["busy@friends.example"])
    assert thread["delivery"]["state"] == "pending"
    assert "Greylisted" in thread["delivery"]["error"]
    assert retry_job(post, conversation, thread)["state"] == "sent"
    assert [it.recipients for it in smtp.taken] == [(CARLA,), ("busy@friends.example",)]
    assert len({it.mail["Message-ID"] for it in smtp.taken}) == 1


def test_all_recipients_refused_for_good_is_a_failure(
    post: Post, conversation: int, smtp: SmtpServer
) -> None:
    smtp.recipients[CARLA] = ["550 5.1.1 No such user", "250 OK"]
    thread = post.reply(conversation)
    assert thread["delivery"]["state"] == "failed"
    assert "550 5.1.1 No such user" in thread["delivery"]["error"]
    path = f"/conversations/{conversation}/threads/{thread['id']}/retry"
    assert post.workspace.owner.post(path).status_int == 200
    post.workspace.under_test.run_jobs()
    assert delivery_of(post, conversation, thread)["state"] == "sent"


def test_a_connection_that_ends_after_the_text_is_uncertain_and_asked_about(
    post: Post, conversation: int, smtp: SmtpServer
) -> None:
    smtp.answers.append("hang up")
    thread = post.reply(conversation)
    assert thread["delivery"]["state"] == "failed"
    assert thread["delivery"]["error"] == UNCERTAIN
    post.workspace.under_test.run_jobs()
    assert len(smtp.mails) == 1  # not sent blindly
    path = f"/conversations/{conversation}/threads/{thread['id']}/retry"
    assert post.workspace.owner.post(path).status_int == 200
    post.workspace.under_test.run_jobs()
    assert delivery_of(post, conversation, thread)["state"] == "sent"
    assert len({it.mail["Message-ID"] for it in smtp.mails}) == 1


def test_an_answer_to_a_mail_of_unknown_fate_finds_its_conversation(
    post: Post, conversation: int, smtp: SmtpServer
) -> None:
    smtp.answers.append("hang up")
    post.reply(conversation)
    mail = smtp.mails[-1].mail
    post.take(a_mail("I got it", to=post.address, In_Reply_To=mail["Message-ID"]))
    assert len(post.conversations()) == 1


def test_patience_ends_after_the_configured_days(
    post: Post, conversation: int, smtp: SmtpServer
) -> None:
    smtp.answers.extend(["451 Not now"] * 100)
    thread = post.reply(conversation)
    attempts = 1
    while delivery_of(post, conversation, thread)["state"] == "pending":
        retry_job(post, conversation, thread)
        attempts += 1
        assert attempts < 60
    failed = delivery_of(post, conversation, thread)
    assert failed["state"] == "failed"
    assert failed["error"].startswith("Given up after 4 days: ")
    assert attempts > 25


def test_a_held_reply_that_is_taken_back_never_leaves(
    post: Post, conversation: int, smtp: SmtpServer
) -> None:
    owner, path = post.workspace.owner, f"/conversations/{conversation}"
    held = owner.post(f"{path}/reply", {"body": "Wait", "undo_seconds": 60}).json["data"]
    assert owner.delete(f"{path}/threads/{held['id']}").status_int == 200
    post.workspace.under_test.run_jobs()
    assert smtp.mails == []


def test_mail_is_sent_with_starttls_and_a_login(dovecot: Dovecot, tmp_path: Path) -> None:
    certificate = dovecot.authority.issue(tmp_path, "localhost")
    desk = make_desk(
        tmp_path,
        f"sqlite:///{tmp_path}/support.sqlite",
        plugins=("email",),
        support__email__ca_file=str(dovecot.authority.write(tmp_path)),
    )
    try:
        with SmtpServer(certificate=certificate, login=("me", "mine")) as server:
            fields = smtp_fields(
                server, smtp_encryption="starttls", smtp_username="me", smtp_password="mine"
            )
            post = a_post(desk.workspace(), **fields)
            post.take(a_mail(to=post.address))
            post.reply(post.conversations()[0]["id"])
            (taken,) = server.taken
            assert taken.tls
            assert taken.login == "me"
            post.workspace.owner.put(f"/mailboxes/{post.mailbox_id}", {"smtp_password": "no"})
            thread = post.reply(post.conversations()[0]["id"])
            assert thread["delivery"]["state"] == "pending"
            assert "refused the user name or password" in thread["delivery"]["error"]
    finally:
        desk.application.close()

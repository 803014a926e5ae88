"""Where a mail goes: by token and Message-ID, never by subject, and only for who belongs."""

from __future__ import annotations

from email.utils import getaddresses
from typing import TYPE_CHECKING, Any

import pytest

from support_email.tokens import Signer

from .wire import Post, a_mail, a_post, smtp_fields

if TYPE_CHECKING:
    from support_core.testing import TestWorkspace
    from tests.services.smtp import SmtpServer

CARLA = "carla@customer.example"


@pytest.fixture
def post(workspace: TestWorkspace, smtp: SmtpServer) -> Post:
    return a_post(workspace, **smtp_fields(smtp))


@pytest.fixture
def sent(post: Post, smtp: SmtpServer) -> Any:
    """The desk's answer to Carla's mail, as she has it."""
    post.take(a_mail("Where is it?", to=post.address, Message_ID="<first@customer.example>"))
    (conversation,) = post.conversations()
    post.reply(conversation["id"], "On its way.")
    return smtp.taken[-1].mail


def threads(post: Post) -> list[list[str]]:
    """Return who wrote in each conversation, oldest first."""
    shown = [post.show(it["id"]) for it in post.conversations()]
    return [[it["type"] for it in one["threads"]] for one in shown]


ONE = [["customer", "message", "customer"]]
TWO = [["customer", "message"], ["lineitem", "customer"]]


def test_an_answer_with_the_usual_headers_continues_the_conversation(post: Post, sent: Any) -> None:
    post.take(a_mail("Thanks!", to=post.address, In_Reply_To=sent["Message-ID"], subject="New"))
    assert threads(post) == ONE


def test_references_alone_are_enough_and_the_nearest_is_believed_first(
    post: Post, sent: Any
) -> None:
    post.take(a_mail("Another matter", to=post.address, Message_ID="<other@customer.example>"))
    chain = f"<other@customer.example> {sent['Message-ID']}"
    post.take(a_mail("Thanks!", to=post.address, References=chain))
    assert threads(post) == [*ONE, ["customer"]]


def test_the_token_in_the_address_is_enough(post: Post, sent: Any) -> None:
    ((_, token),) = getaddresses([sent["Reply-To"]])
    assert token.startswith(post.address.partition("@")[0] + "+r")
    post.take(a_mail("Thanks!", to=token.upper(), subject="Quite another subject"))
    assert threads(post) == ONE


def test_the_token_in_the_message_id_is_enough_when_the_desk_has_forgotten_it(
    post: Post, sent: Any
) -> None:
    with post.workspace.under_test.application.database.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM email_refs")
    post.take(a_mail("Thanks!", to=post.address, In_Reply_To=sent["Message-ID"]))
    assert threads(post) == ONE


def test_the_subject_alone_opens_a_conversation(post: Post, sent: Any) -> None:
    post.take(a_mail("Me again", to=post.address, subject=sent["Subject"]))
    assert threads(post) == [["customer", "message"], ["customer"]]


def test_a_stranger_with_a_message_id_opens_a_linked_conversation(post: Post, sent: Any) -> None:
    stranger = "mallory@elsewhere.example"
    post.take(a_mail("Hi", sender=stranger, to=post.address, In_Reply_To=sent["Message-ID"]))
    first, second = [post.show(it["id"]) for it in post.conversations()]
    assert [it["type"] for it in first["threads"]] == ["customer", "message"]
    assert second["customer"]["email"] == stranger
    (link,) = [it for it in second["threads"] if it["type"] == "lineitem"]
    assert link["meta"] == {"linked": first["id"]}


def test_a_stranger_with_the_token_opens_a_linked_conversation(post: Post, sent: Any) -> None:
    ((_, token),) = getaddresses([sent["Reply-To"]])
    post.take(a_mail("Hi", sender="mallory@elsewhere.example", to=token))
    assert len(post.conversations()) == 2


def test_a_guessed_token_says_nothing(post: Post, sent: Any) -> None:
    ((_, token),) = getaddresses([sent["Reply-To"]])
    local, _, domain = token.partition("@")
    guessed = f"{local[:-1]}{'a' if local[-1] != 'a' else 'b'}@{domain}"
    post.take(a_mail("Hi", to=guessed))
    assert threads(post) == [["customer", "message"], ["customer"]]


def test_a_token_of_another_mailbox_says_nothing(post: Post, sent: Any) -> None:
    other = a_post(post.workspace)
    ((_, token),) = getaddresses([sent["Reply-To"]])
    detail = token.partition("@")[0].partition("+")[2]
    other.take(a_mail("Hi", to=other.address.replace("@", f"+{detail}@")))
    assert threads(other) == [["customer"]]
    assert threads(post) == [["customer", "message"]]


def test_who_was_copied_belongs_and_may_answer(post: Post, smtp: SmtpServer) -> None:
    friend = "fred@friends.example"
    post.take(a_mail("Hi", to=post.address, Cc=friend, Message_ID="<a@c.example>"))
    (conversation,) = post.conversations()
    post.reply(conversation["id"])
    mail = smtp.taken[-1].mail
    post.take(a_mail("Me too", sender=friend, to=post.address, In_Reply_To=mail["Message-ID"]))
    assert threads(post) == ONE


def test_an_answer_that_comes_before_what_it_answers_is_joined_by_it(post: Post) -> None:
    first = a_mail("The question", to=post.address, Message_ID="<q@customer.example>")
    second = a_mail("And more", to=post.address, In_Reply_To="<q@customer.example>")
    post.take(second)
    post.take(first)
    assert threads(post) == [["customer", "customer"]]


def test_a_stranger_does_not_catch_a_mail_by_referring_to_it_beforehand(post: Post) -> None:
    trap = a_mail("Trap", sender="mallory@e.example", to=post.address, In_Reply_To="<q@c.example>")
    post.take(trap, a_mail("A secret", to=post.address, Message_ID="<q@c.example>"))
    assert [len(it) for it in threads(post)] == [1, 2]
    assert post.conversations()[1]["customer"]["email"] == CARLA


def test_one_mail_to_two_mailboxes_is_filed_once_in_each(workspace: TestWorkspace) -> None:
    posts = [a_post(workspace), a_post(workspace)]
    mail = a_mail("To both", to=", ".join(it.address for it in posts))
    for post in posts:
        post.take(mail, mail)
        post.take(mail)
    assert [threads(it) for it in posts] == [[["customer"]], [["customer"]]]


def test_a_deleted_conversation_is_not_continued(post: Post, sent: Any) -> None:
    (conversation,) = post.conversations()
    post.workspace.owner.delete(f"/conversations/{conversation['id']}")
    post.take(a_mail("Thanks!", to=post.address, In_Reply_To=sent["Message-ID"]))
    assert threads(post) == [["customer"]]


def test_a_members_address_alone_proves_nothing(post: Post, sent: Any) -> None:
    post.workspace.member(email="amy@desk.example")
    ((_, token),) = getaddresses([sent["Reply-To"]])
    post.take(a_mail("I am Amy", sender="amy@desk.example", to=token))
    assert threads(post) == [["customer", "message", "note"]]
    (conversation,) = post.conversations()
    assert post.show(conversation["id"])["threads"][-1]["user"] is None


def test_a_members_own_token_proves_it_and_the_answer_leaves(
    post: Post, sent: Any, smtp: SmtpServer
) -> None:
    agent = post.workspace.member(email="ann@desk.example")
    token = _token(post, agent)
    before = len(smtp.taken)
    post.take(a_mail("Sent by Ann", sender="ann@desk.example", to=token))
    assert threads(post) == [["customer", "message", "message"]]
    (conversation,) = post.conversations()
    thread = post.show(conversation["id"])["threads"][-1]
    assert thread["user"]["id"] == agent
    assert thread["delivery"]["state"] == "sent"
    assert smtp.taken[before].recipients == (CARLA,)


def test_a_members_token_is_shown_to_nobody(post: Post, sent: Any) -> None:
    token = _token(post, post.workspace.member(email="amos@desk.example"))
    post.take(a_mail("Sent by Amos", sender="amos@desk.example", to=token))
    (conversation,) = post.conversations()
    answer = post.workspace.owner.get(f"/conversations/{conversation['id']}")
    assert token.partition("@")[0] not in answer.text
    assert answer.json["data"]["threads"][-1]["meta"]["to"] == [post.address]


def test_a_member_who_may_not_reply_any_more_writes_a_note(
    post: Post, sent: Any, smtp: SmtpServer
) -> None:
    agent = post.workspace.member(email="alan@desk.example")
    token = _token(post, agent)
    assert post.workspace.owner.put(f"/users/{agent}", {"role": "viewer"}).status_int == 200
    before = len(smtp.taken)
    post.take(a_mail("Sent by Alan", sender="alan@desk.example", to=token))
    assert threads(post) == [["customer", "message", "note"]]
    assert len(smtp.taken) == before


def test_a_members_token_is_worth_nothing_to_others(post: Post, sent: Any) -> None:
    token = _token(post, post.workspace.member(email="abe@desk.example"))
    post.take(a_mail("I am not Abe", sender="mallory@elsewhere.example", to=token))
    assert len(post.conversations()) == 2


def _token(post: Post, user_id: int) -> str:
    (conversation,) = post.conversations()
    with post.workspace.desk() as desk:
        signer = _signer(desk, post)
    return signer.reply_address(conversation["id"], user_id)


def _signer(desk: Any, post: Post) -> Signer:
    from support_email.outgoing import signer_of  # noqa: PLC0415

    signer = signer_of(desk, post.mailbox_id, post.address)
    assert signer is not None
    return signer


def test_a_member_who_forwards_opens_a_conversation_with_the_original_sender(post: Post) -> None:
    post.workspace.member(email="ada@desk.example")
    body = (
        "Please take care of this.\n\n---------- Forwarded message ---------\n"
        f"From: Carla Customer <{CARLA}>\nDate: Mon, 2 Nov 2026 at 10:00\n"
        "Subject: Broken lamp\nTo: <ada@desk.example>\n\nMy lamp is broken.\n"
    )
    post.take(a_mail(body, sender="ada@desk.example", to=post.address, subject="Fwd: Broken lamp"))
    (conversation,) = post.conversations()
    assert conversation["customer"]["email"] == CARLA
    shown = post.show(conversation["id"])["threads"]
    assert {it["type"] for it in shown} == {"customer", "note"}
    assert "My lamp is broken." in shown[0]["body_text"]


@pytest.mark.parametrize(
    "changed", ["", "r", "r1-", "r1u2-aaaaaaaaaaaaaaaa", "r1-aaaaaaaaaaaaaaaa"]
)
def test_what_we_have_not_signed_is_no_token(changed: str) -> None:
    signer = Signer("secret", 1, "support@desk.example")
    assert signer.read(changed) is None
    assert signer.in_address(f"support+{changed}@desk.example") is None
    assert signer.in_message_id(f"x.{changed}@desk.example") is None


def test_a_token_survives_case_and_names_what_it_was_made_for() -> None:
    signer = Signer("secret", 7, "Support@Desk.example")
    read = signer.in_address(signer.reply_address(123456789, 42).upper())
    assert read is not None
    assert (read.conversation_id, read.user_id) == (123456789, 42)
    assert Signer("other", 7, "support@desk.example").read(signer.token(1)) is None
    assert Signer("secret", 8, "support@desk.example").read(signer.token(1)) is None

"""What strangers try: other people's contacts and conversations, notes, markup, wrong proofs."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from support_core.testing.errors import assert_error, assert_invalid

from .visitor import Site, Visitor

if TYPE_CHECKING:
    from support_core.testing import TestWorkspace

MARKUP = "<script>alert(1)</script><img src=x onerror=alert(1)>&amp;"


@pytest.fixture
def victim(site: Site) -> Visitor:
    visitor = site.visitor(visitor_id="victim-7f3c")
    visitor.start("My card number is secret", email="victim@example.com", name="Victim")
    return visitor


def every_call(visitor: Visitor, **values: Any) -> list[Any]:
    conversation = {"conversation_id": visitor.conversation_id, **values}
    return [
        visitor.post("message", message="Hello", **conversation),
        visitor.post("typing", is_typing=True, **conversation),
        visitor.post("read", last_read_id=1, **conversation),
        visitor.get("history", **conversation),
    ]


def test_contact_ids_are_no_sequence(site: Site) -> None:
    ids = [site.visitor().id for _ in range(20)]
    assert len(set(ids)) == 20
    assert ids != sorted(ids)
    assert max(ids) - min(ids) > 2**40
    assert max(ids) < 2**53


def test_a_guessed_contact_lets_nobody_in(site: Site, victim: Visitor) -> None:
    for guess in (1, 2, victim.id + 1, victim.id - 1, 2**53 - 1, 2**53 + victim.id, 10**17):
        stranger = Visitor(site, guess, "x", victim.conversation_id)
        for answer in every_call(stranger):
            assert_error(answer, 404, "contact_not_found")
        assert_error(stranger.post("start", message="Hello"), 404, "contact_not_found")
        assert_error(stranger.get("stream"), 404, "contact_not_found")


def test_another_contacts_conversation_is_not_there(site: Site, victim: Visitor) -> None:
    stranger = site.visitor()
    stranger.start("Me too")
    own, stranger.conversation_id = stranger.conversation_id, victim.conversation_id
    for answer in every_call(stranger):
        assert_error(answer, 404, "conversation_not_found")
    for number in range(1, own + 3):
        if number != own:
            stranger.conversation_id = number
            assert_error(
                stranger.get("history", conversation_id=number), 404, "conversation_not_found"
            )
    assert [it["body"] for it in victim.history()] == ["My card number is secret"]


def test_conversations_of_other_channels_are_not_there(
    site: Site, workspace: TestWorkspace
) -> None:
    visitor = site.visitor()
    visitor.start(email="customer@example.test")
    with workspace.desk() as desk:
        conversation = desk.conversations.open(
            mailbox=desk.mailboxes.get(workspace.a_mailbox),
            customer=desk.customers.find_or_create(email="customer@example.test"),
            subject="By another way",
            channel="chat",
        )
        visitor.conversation_id = conversation.id
    for answer in every_call(visitor):
        assert_error(answer, 404, "conversation_not_found")


def test_a_contact_of_another_widget_or_workspace_is_unknown(
    site: Site, victim: Visitor, other: TestWorkspace
) -> None:
    for elsewhere in (Site.of(site.workspace), Site.of(other)):
        stranger = Visitor(elsewhere, victim.id, "x", victim.conversation_id)
        for answer in every_call(stranger):
            assert_error(answer, 404, "contact_not_found")
        assert elsewhere.init(visitor_id=victim.visitor_id).json["contact"]["id"] != victim.id


def test_who_names_anothers_address_sees_nothing_of_theirs(site: Site, victim: Visitor) -> None:
    stranger = site.visitor(email="victim@example.com")
    stranger.start("I am the victim", email="victim@example.com")
    assert [it["body"] for it in stranger.history()] == ["I am the victim"]
    shown = site.init(visitor_id=stranger.visitor_id).json
    assert shown["active_conversation"]["id"] == stranger.conversation_id
    assert victim.conversation()["customer"]["display_name"] == "Victim"


def test_notes_line_items_and_held_back_replies_are_never_shown(site: Site) -> None:
    visitor = site.visitor()
    visitor.start("Hello", email="v@example.com")
    path = f"/conversations/{visitor.conversation_id}"
    owner = site.workspace.owner
    owner.post(f"{path}/reply", {"body": "INTERNAL NOTE", "type": "note"})
    owner.patch(f"{path}/status", {"status": "pending"})
    owner.patch(f"{path}/assign", {"user_id": site.workspace.owner_id})
    visitor.reply("LATER", undo_seconds=60)
    visitor.reply("Now", cc=["boss@example.com"], bcc=["hidden@example.com"])
    text = json.dumps(visitor.history())
    assert [it["body"] for it in visitor.history()] == ["Hello", "Now"]
    for secret in ("INTERNAL", "LATER", "hidden@", "boss@", site.workspace.owner_email, "status"):
        assert secret not in text


def test_a_reply_that_was_held_back_is_shown_when_it_is_sent(site: Site) -> None:
    visitor = site.visitor()
    visitor.start("Hello")
    late = visitor.reply("In a moment", undo_seconds=1)
    last = visitor.say("Are you there?").json["thread"]
    assert len(visitor.history()) == 2
    application = site.workspace.under_test.application
    with site.workspace.desk() as desk:
        delivery = desk.deliveries.of_thread(late["id"])
        assert delivery is not None
        claimed = desk.deliveries.claim(delivery.id)
        assert claimed is not None
    with site.workspace.desk() as desk:
        sent = application.plugins.channel_hook("chat", "support_deliver", message=claimed)
        desk.deliveries.succeed(claimed.delivery_id, sent)
    assert [it["body"] for it in visitor.history()] == ["Hello", "In a moment", "Are you there?"]
    assert [it["id"] for it in visitor.history(after=last["id"])] == [late["id"]]


def test_markup_is_text_everywhere(site: Site) -> None:
    visitor = site.visitor(page_title=MARKUP, name="<b>Vera</b>")
    visitor.start(MARKUP)
    shown = visitor.conversation()
    assert shown["threads"][0]["body_format"] == "text"
    assert shown["threads"][0]["body"] == MARKUP
    assert shown["subject"] == "Chat from <b>Vera</b>"
    visitor.reply("<p>Hi <b>there</b></p><script>alert(1)</script>", body_format="html")
    assert [it["body"] for it in visitor.history()] == [MARKUP, "Hi there"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("message", ["a"]),
        ("message", {"a": 1}),
        ("message", 7),
        ("message", "   "),
        ("message", "nul\0byte"),
        ("contact_id", "1 OR 1=1"),
        ("contact_id", True),
        ("contact_id", [1]),
        ("client_id", "x" * 65),
        ("name", "x" * 256),
        ("name", "two\nlines"),
        ("email", "nobody"),
        ("email", "a@b.example\nBcc: c@d.example"),
        ("answers", {"unknown": "x"}),
        ("attachment_ids", "1"),
        ("unknown", 1),
    ],
)
def test_wrong_types_are_refused_with_the_field(site: Site, field: str, value: Any) -> None:
    visitor = site.visitor()
    answer = visitor.post("start", **{"message": "Hello", field: value})
    assert answer.status_int == 422, answer.text
    assert any(it.startswith(field) for it in answer.json["errors"])


def test_bodies_that_are_none_are_refused(site: Site) -> None:
    for raw in (b"[]", b"{", b'"x"', b"\xff\xfe"):
        assert_error(site.client.post("/chat/init", raw=raw), 400, "invalid_request")
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = site.client.post("/chat/init", raw=b"token=x", headers=form)
    assert_error(answer, 415, "unsupported_media_type")


def signature(site: Site, subject: str) -> str:
    secret = site.widget["hmac_secret"].encode()
    return hmac.new(secret, subject.encode(), hashlib.sha256).hexdigest()


def test_a_widget_that_wants_proof_takes_nothing_else(site: Site) -> None:
    unproven = site.visitor(visitor_id="user-42")
    unproven.start("Before proof was wanted")
    site.set(hmac_required=True)
    good = signature(site, "user-42")
    wrong = [
        {"visitor_id": "user-42"},
        {"visitor_id": "user-42", "user_hash": "0" * 64},
        {"visitor_id": "user-42", "user_hash": signature(site, "user-43")},
        {"visitor_id": "user-43", "user_hash": good},
        {"user_hash": hmac.new(site.widget["hmac_secret"].encode(), b"", "sha256").hexdigest()},
        {"email": "a@example.com", "user_hash": good},
    ]
    for values in wrong:
        assert_error(site.init(**values), 403, "invalid_signature")
    proven = site.visitor(visitor_id="user-42", user_hash=good.upper())
    assert proven.id != unproven.id
    assert_error(unproven.say("I am in already"), 404, "contact_not_found")
    assert site.visitor(visitor_id="user-42", user_hash=good).id == proven.id


def test_a_proof_of_an_address_resumes_that_address_only(site: Site) -> None:
    site.set(hmac_required=True)
    victim = site.visitor(visitor_id="user-1", user_hash=signature(site, "user-1"))
    victim.start("Secret")
    mine = {"email": "me@example.com", "user_hash": signature(site, "me@example.com")}
    stranger = site.visitor(visitor_id="user-1", **mine)
    assert stranger.id != victim.id
    assert site.visitor(**mine).id == stranger.id
    stranger.start("Hello", email="else@example.com")
    assert stranger.conversation()["customer"]["email"] == "me@example.com"


def test_a_proven_visitor_cannot_be_resumed_without_the_proof(site: Site) -> None:
    site.visitor(visitor_id="user-9", user_hash=signature(site, "user-9"))
    assert_error(site.init(visitor_id="user-9"), 403, "invalid_signature")


def test_a_rotated_secret_proves_visitors_for_a_day_and_then_nothing(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    application = site.workspace.under_test.application
    rotate = f"/widgets/{site.widget['id']}/rotate-hmac-secret"
    old = {"visitor_id": "user-5", "user_hash": signature(site, "user-5")}
    first = site.visitor(**old)
    site.widget = site.workspace.owner.post(rotate).json["data"]
    new = {"visitor_id": "user-5", "user_hash": signature(site, "user-5")}
    assert site.visitor(**old).id == site.visitor(**new).id == first.id
    stranger = {"visitor_id": "user-6", "user_hash": old["user_hash"]}
    assert_error(site.init(**stranger), 403, "invalid_signature")
    until = datetime.fromisoformat(site.widget["old_hmac_secret_until"])
    assert timedelta(hours=23) < until - application.clock() <= timedelta(hours=24)
    with monkeypatch.context() as later:
        later.setattr(application, "clock", lambda: until + timedelta(seconds=1))
        assert_error(site.init(**old), 403, "invalid_signature")
        assert site.init(**new).status_int == 200
    # Whoever rotates twice is rid of the first at once.
    site.widget = site.workspace.owner.post(rotate).json["data"]
    assert_error(site.init(**old), 403, "invalid_signature")
    assert site.init(**new).status_int == 200
    shown = site.workspace.owner.get(f"/widgets/{site.widget['id']}").text
    assert "old_hmac" not in shown


def test_erased_visitors_leave_nothing_and_get_in_no_more(site: Site, victim: Visitor) -> None:
    customer_id = victim.conversation()["customer"]["id"]
    assert site.workspace.owner.post(f"/customers/{customer_id}/erase").status_int == 200
    assert_error(victim.say("Hello?"), 404, "contact_not_found")
    assert site.init(visitor_id=victim.visitor_id).json["contact"]["id"] != victim.id
    assert "Victim" not in site.workspace.owner.get("/visitors").text


def test_files_are_the_visitors_own(site: Site, victim: Visitor) -> None:
    file = victim.upload("card.png", b"\x89PNG secret").json["attachment"]
    assert list(file) == ["id", "name", "content_type", "size"]
    stranger = site.visitor()
    stranger.start("Hello")
    taken = stranger.say("Mine now", attachment_ids=[file["id"]])
    assert_invalid(taken, attachment_ids="The selected attachment ids is invalid.")
    assert_error(stranger.get(f"attachments/{file['id']}"), 404, "not_found")
    assert victim.get(f"attachments/{file['id']}").body == b"\x89PNG secret"
    assert victim.say("See", attachment_ids=[file["id"]]).status_int == 201
    assert victim.history()[-1]["attachments"] == [file]
    assert_error(stranger.get(f"attachments/{file['id']}"), 404, "not_found")
    again = victim.say("See again", attachment_ids=[file["id"]])
    assert_invalid(again, attachment_ids="The selected attachment ids is invalid.")
    sent = victim.get(f"attachments/{file['id']}")
    assert sent.headers["Content-Disposition"].startswith("attachment")
    assert sent.headers["X-Content-Type-Options"] == "nosniff"


def test_a_notes_file_is_nobodys_but_the_agents(site: Site, victim: Visitor) -> None:
    owner = site.workspace.owner
    private = owner.upload("private.txt", b"internal").json["data"]["id"]
    path = f"/conversations/{victim.conversation_id}/reply"
    owner.post(path, {"body": "Look", "type": "note", "attachment_ids": [private]})
    assert_error(victim.get(f"attachments/{private}"), 404, "not_found")
    public = owner.upload("manual.txt", b"for you").json["data"]["id"]
    victim.reply("Here", attachment_ids=[public])
    assert victim.get(f"attachments/{public}").body == b"for you"


def test_files_of_other_kinds_and_too_many_are_refused(site: Site, victim: Visitor) -> None:
    page = victim.upload("x.html", b"<script>", "text/html")
    assert page.status_int == 422
    assert page.json["errors"]["file"][0].startswith("The file must be a file of type: image/png")
    ids = [victim.upload("a.png", b"a").json["attachment"]["id"] for _ in range(6)]
    many = victim.say("All of it", attachment_ids=ids)
    assert_invalid(many, attachment_ids="The attachment ids must not have more than 5 items.")
    with_wrong = Visitor(site, victim.id + 1, "x").upload("a.png", b"a")
    assert_error(with_wrong, 404, "contact_not_found")

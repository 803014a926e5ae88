"""``/widgets``: made, changed, rotated and removed by managers; limited by the plan."""

from __future__ import annotations

import gzip
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select
from webob import Request

from support_chat.models import ChatWidget
from support_core.testing.errors import assert_error, assert_invalid

from .visitor import Site

if TYPE_CHECKING:
    from webob import Response

    from support_core.testing import DeskUnderTest, TestWorkspace


def test_a_widget_is_made_shown_changed_and_deleted(workspace: TestWorkspace) -> None:
    owner = workspace.owner
    body = {
        "name": "Shop",
        "mailbox_id": workspace.a_mailbox,
        "allowed_domains": ["Shop.Example.com", "*.example.org", "shop.example.com"],
        "color": "#ff0000",
        "position": "left",
        "timezone": "Europe/Berlin",
    }
    made = owner.post("/widgets", body)
    assert made.status_int == 201
    assert made.json["message"] == "Widget created successfully"
    data = made.json["data"]
    assert data["allowed_domains"] == ["shop.example.com", "*.example.org"]
    assert len(data["token"]) == 48
    secret = data.pop("hmac_secret")
    path = f"/widgets/{data['id']}"
    shown = owner.get(path)
    assert shown.json["data"] == data
    assert secret not in shown.text
    assert secret not in owner.get("/widgets").text
    changed = owner.put(path, {"name": "Other", "welcome_title": "Moin"})
    assert changed.json["data"]["name"] == "Other"
    assert changed.json["data"]["color"] == "#ff0000"
    assert owner.put(path, changed.json["data"]).json["data"]["name"] == "Other"
    stale = owner.put(path, {"name": "X"}, headers={"If-Match": '"stale"'})
    assert_error(stale, 412, "precondition_failed")
    rotated = owner.post(f"{path}/rotate-token").json["data"]
    assert rotated["token"] != data["token"]
    assert owner.delete(path).json == {"message": "Widget deleted successfully"}
    assert_error(owner.get(path), 404, "not_found")
    assert owner.get("/widgets").json["meta"]["total"] == 0


def test_the_secret_is_kept_encrypted_and_may_be_given_once(workspace: TestWorkspace) -> None:
    site = Site.of(workspace, hmac_secret="a secret of my own")
    assert site.widget["hmac_secret"] == "a secret of my own"
    with workspace.desk(write=False) as desk:
        stored = desk.session.execute(select(ChatWidget.hmac_secret)).scalar_one()
        assert "secret of my own" not in stored
        assert desk.keyring.decrypt(stored) == "a secret of my own"
    answer = workspace.owner.put(f"/widgets/{site.widget['id']}", {"hmac_secret": "another secret"})
    assert_invalid(answer, hmac_secret="The hmac secret field is prohibited.")


def test_a_rotated_or_deleted_token_is_worth_nothing(site: Site) -> None:
    visitor = site.visitor()
    visitor.start()
    path = f"/widgets/{site.widget['id']}"
    new = site.workspace.owner.post(f"{path}/rotate-token").json["data"]["token"]
    assert_error(visitor.say("Hello"), 404, "widget_not_found")
    site.widget["token"] = new
    assert visitor.say("Hello").status_int == 201
    site.workspace.owner.delete(path)
    assert_error(visitor.say("Hello"), 404, "widget_not_found")
    assert visitor.conversation()["number"] == 1


def test_wrong_settings_are_refused_field_by_field(workspace: TestWorkspace) -> None:
    answer = workspace.owner.post(
        "/widgets",
        {
            "mailbox_id": 10**9,
            "color": "red",
            "position": "top",
            "timezone": "Mars/Olympus",
            "allowed_domains": ["https://x.example"],
            "holidays": [{"date": "2026-02-30"}],
            "pre_chat": {"questions": [{"name": "a", "label": "A", "type": "select"}]},
            "translations": [{"locale": "de"}, {"locale": "DE"}],
            "texts": {"send": "x" * 256, "nonsense": "x"},
            "hmac_secret": "short",
        },
    )
    assert answer.status_int == 422
    assert set(answer.json["errors"]) == {
        "name",
        "color",
        "position",
        "timezone",
        "allowed_domains.0",
        "holidays.0.date",
        "pre_chat.questions.0.options",
        "translations",
        "texts.send",
        "texts.nonsense",
        "hmac_secret",
    }
    unknown = workspace.owner.post("/widgets", {"name": "A", "mailbox_id": 10**9})
    assert_invalid(unknown, mailbox_id="The selected mailbox id is invalid.")


def test_only_who_may_manage_widgets_does(workspace: TestWorkspace, other: TestWorkspace) -> None:
    site = Site.of(workspace)
    agent = workspace.client(user_id=workspace.member("agent"))
    for method, path in (
        ("GET", "/widgets"),
        ("POST", "/widgets"),
        ("GET", f"/widgets/{site.widget['id']}"),
        ("PUT", f"/widgets/{site.widget['id']}"),
        ("DELETE", f"/widgets/{site.widget['id']}"),
        ("POST", f"/widgets/{site.widget['id']}/rotate-token"),
        ("POST", f"/widgets/{site.widget['id']}/rotate-hmac-secret"),
    ):
        assert_error(agent.call(method, path, {}), 403, "forbidden", permission="manage_widgets")
        if path != "/widgets":
            assert_error(other.owner.call(method, path, {}), 404, "not_found")
    assert agent.get("/visitors").status_int == 200


def test_a_plan_without_the_feature_has_no_chat(desk: DeskUnderTest) -> None:
    workspace = desk.workspace(plan="pro")
    site = Site.of(workspace)
    visitor = site.visitor()
    with workspace.desk() as opened:
        opened.set_plan("bare")
    denied = workspace.owner.get("/widgets")
    assert_error(denied, 403, "feature_not_available", feature="chat_widget")
    assert_error(site.init(), 404, "widget_not_found")
    assert_error(visitor.start("Hello"), 404, "widget_not_found")


def test_with_room_for_one_of_many_at_once_one_is_made(desk: DeskUnderTest) -> None:
    workspace = desk.workspace(plan="starter")
    body = {"name": "Shop", "mailbox_id": workspace.a_mailbox}
    owner = workspace.owner
    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(lambda _: owner.post("/widgets", body).status_int, range(16)))
    assert sorted(statuses) == [201] + [403] * 15
    full = owner.post("/widgets", body)
    assert_error(full, 403, "limit_exceeded", resource="widgets", limit=1, current_plan="starter")
    used = owner.get("/entitlements").json["data"]["limits"]["widgets"]
    assert used == {"limit": 1, "used": 1}


def test_texts_come_in_the_visitors_language(site: Site) -> None:
    site.set(
        locale="en",
        texts={"send": "Go"},
        translations=[
            {"locale": "de", "welcome_title": "Moin!", "texts": {"send": "Senden"}},
            {"locale": "ar", "welcome_title": "مرحبا"},
        ],
    )
    german = site.init(locale="de-AT").json
    assert german["widget"]["welcome_title"] == "Moin!"
    assert german["widget"]["welcome_tagline"] == "How can we help?"
    assert german["options"]["texts"] == {"send": "Senden"}
    assert german["options"]["locale"] == "de"
    assert german["options"]["locales"] == ["en", "de", "ar"]
    arabic = site.init(locale="ar").json["options"]
    assert arabic["direction"] == "rtl"
    english = site.init(locale="fr").json
    assert english["options"]["texts"] == {"send": "Go"}
    assert english["options"]["direction"] == "ltr"


def test_a_form_is_asked_before_the_first_message(site: Site) -> None:
    site.set(
        pre_chat={
            "enabled": True,
            "email": "required",
            "name": "hidden",
            "questions": [
                {"name": "order", "label": "Order number", "required": True},
                {"name": "topic", "label": "Topic", "type": "select", "options": ["A", "B"]},
                {"name": "terms", "label": "I agree", "type": "checkbox", "required": True},
            ],
        }
    )
    form = site.init().json["options"]["pre_chat"]
    assert form["enabled"] is True
    assert [(it["name"], it["type"], it["required"]) for it in form["fields"]] == [
        ("email", "email", True),
        ("order", "text", True),
        ("topic", "select", False),
        ("terms", "checkbox", True),
    ]
    visitor = site.visitor()
    wrong = visitor.start("Hi", answers={"topic": "C", "terms": False})
    assert wrong.status_int == 422
    assert wrong.json["errors"] == {
        "email": ["The email field is required."],
        "answers.order": ["The answers.order field is required."],
        "answers.topic": ["The selected answers.topic is invalid."],
        "answers.terms": ["The answers.terms field is required."],
    }
    answers = {"order": "4711", "topic": "A", "terms": True}
    assert visitor.start("Hi", email="v@example.com", answers=answers).status_int == 201
    meta = visitor.conversation()["threads"][0]["meta"]
    assert meta["answers"] == {"Order number": "4711", "Topic": "A", "I agree": True}
    assert visitor.start("Again").status_int == 201


@pytest.mark.parametrize(
    "path", ["/widgets?is_active=true", "/widgets?cursor=", "/widgets?sort=-name"]
)
def test_widgets_are_listed(site: Site, path: str) -> None:
    (listed,) = site.workspace.owner.get(path).json["data"]
    assert listed["id"] == site.widget["id"]


def test_visitors_online_are_listed_with_their_page(site: Site) -> None:
    visitor = site.visitor(name="Vera", page_url="https://shop.example/a", page_title="A")
    visitor.start()
    moved = visitor.post("visit", page_url="https://shop.example/b", page_title="B")
    assert moved.json == {"success": True}
    site.visitor(page_url="https://shop.example/c")
    answer = site.workspace.owner.get("/visitors")
    by_page = {it["page_url"]: it for it in answer.json["data"]}
    assert set(by_page) == {"https://shop.example/b", "https://shop.example/c"}
    shown = by_page["https://shop.example/b"]
    assert (shown["name"], shown["page_title"]) == ("Vera", "B")
    assert shown["conversation_id"] == visitor.conversation_id
    assert shown["is_online"] is True
    assert str(visitor.id) not in answer.text
    assert visitor.visitor_id not in answer.text


def test_the_script_is_served_to_any_page_and_asked_for_by_its_etag(site: Site) -> None:
    first = site.client.get("/chat/widget.js")
    assert first.status_int == 200
    assert first.content_type == "text/javascript"
    assert first.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert first.headers["X-Content-Type-Options"] == "nosniff"
    assert "max-age=" in first.headers["Cache-Control"]
    again = site.client.get("/chat/widget.js", headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_int == 304
    assert again.body == b""


def test_the_script_is_compressed_for_who_takes_that(site: Site) -> None:
    def fetch(**headers: str) -> Response:
        # Not by WebTest, which unpacks what it gets.
        named = {name.replace("_", "-"): it for name, it in headers.items()}
        asked = Request.blank("/api/support/chat/widget.js", headers=named)
        return asked.get_response(site.workspace.under_test.wsgi)

    plain = fetch(Accept_Encoding="br, gzip;q=0")
    assert "Content-Encoding" not in plain.headers
    assert fetch().body == plain.body
    small = fetch(Accept_Encoding="gzip, deflate, br")
    assert small.headers["Content-Encoding"] == "gzip"
    assert small.headers["Vary"] == plain.headers["Vary"] == "Accept-Encoding"
    assert len(small.body) == int(small.headers["Content-Length"]) < 30_000
    assert gzip.decompress(small.body) == plain.body
    assert small.headers["ETag"] != plain.headers["ETag"]
    again = fetch(Accept_Encoding="gzip", If_None_Match=small.headers["ETag"])
    assert (again.status_int, again.body) == (304, b"")


def test_the_demo_page_is_for_development_only(site: Site) -> None:
    assert_error(site.client.get("/chat/demo"), 404, "not_found")

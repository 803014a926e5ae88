"""What no widget sends: bytes that no database takes, files with odd names, everything at once."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from support_core.testing.errors import assert_error, assert_invalid

from .visitor import Visitor

if TYPE_CHECKING:
    from webtest.response import TestResponse

    from .visitor import Site

MARKUP = "<script>alert(1)</script><img src=x onerror=alert(1)>"
LONE = "\ud800"
NUL = "a\0b"


def post(
    site: Site, call: str, body: Any, origin: str = "https://shop.example.com"
) -> TestResponse:
    headers = {"Content-Type": "application/json", "Origin": origin}
    return site.client.post(f"/chat/{call}", raw=json.dumps(body).encode(), headers=headers)


@pytest.mark.parametrize("token", [NUL, LONE, "\x7f", "é", "x" * 10_000, "' OR 1=1 --"])
def test_no_token_that_is_none_is_more_than_unknown(site: Site, token: str) -> None:
    assert_error(post(site, "init", {"token": token}), 404, "widget_not_found")
    answer = site.client.get("/chat/history?token=%00&contact_id=1&conversation_id=1")
    assert_error(answer, 404, "widget_not_found")


@pytest.mark.parametrize(
    "field", ["visitor_id", "email", "name", "user_hash", "page_url", "page_title", "referrer"]
)
@pytest.mark.parametrize("value", [LONE, NUL, "x" * 100_000, 7, ["a"], {"a": "b"}, True])
def test_what_init_does_not_take_is_named(site: Site, field: str, value: Any) -> None:
    answer = post(site, "init", {"token": site.token, field: value})
    assert answer.status_int == 422, answer.text
    assert list(answer.json["errors"]) == [field]
    assert answer.headers["Access-Control-Allow-Origin"] == "https://shop.example.com"


def test_bodies_that_are_too_large_or_too_deep_are_refused_before_they_are_read(
    site: Site,
) -> None:
    large = post(site, "start", {"token": site.token, "message": "x" * 3_000_000})
    assert_error(large, 413, "payload_too_large")
    deep = b'{"token":' + b"[" * 200_000 + b"]" * 200_000 + b"}"
    assert_error(site.client.post("/chat/start", raw=deep), 400, "invalid_request")
    for value in (b"Infinity", b"NaN", b"9" * 10_000):
        raw = b'{"token": "' + site.token.encode() + b'", "contact_id": ' + value + b"}"
        assert_error(site.client.post("/chat/start", raw=raw), 400, "invalid_request")


def test_all_that_a_visitor_says_of_themselves_is_text_to_agents(site: Site) -> None:
    question = {"name": "order", "label": "Order", "type": "text"}
    site.set(pre_chat={"enabled": True, "questions": [question]})
    assert site.init(referrer=f"https://evil.example/?q={MARKUP}").status_int == 422
    referrer = "https://evil.example/?q='%3Cscript%3E"
    visitor = site.visitor(
        page_title=MARKUP,
        name=MARKUP,
        referrer=referrer,
        headers={"User-Agent": MARKUP},
    )
    file = visitor.upload(f"{MARKUP}.png".replace('"', ""), b"x").json["attachment"]
    visitor.start(MARKUP, answers={"order": MARKUP}, attachment_ids=[file["id"]])
    shown = visitor.conversation()
    (thread,) = shown["threads"]
    assert thread["body_format"] == "text"
    assert thread["meta"]["answers"] == {"Order": MARKUP}
    assert thread["meta"]["page_title"] == shown["visitor"]["page_title"] == MARKUP
    assert thread["meta"]["referrer"] == shown["visitor"]["referrer"] == referrer
    assert shown["customer"]["display_name"] == MARKUP
    assert "<" not in shown["threads"][0]["attachments"][0]["name"]
    for path in (f"/conversations/{visitor.conversation_id}", "/visitors"):
        answer = site.workspace.owner.get(path)
        assert answer.content_type == "application/json"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("a\0b.png", "ab.png"),
        ("\u202egnp.exe", "gnp.exe"),
        ("<b>.png", "_b_.png"),
    ],
)
def test_names_of_files_are_harmless(site: Site, name: str, kept: str) -> None:
    visitor = site.visitor()
    file = visitor.upload(name, b"x").json["attachment"]
    assert file["name"] == kept
    sent = visitor.get(f"attachments/{file['id']}")
    assert sent.headers["Content-Disposition"].startswith("attachment;")


def test_a_name_that_would_add_a_header_is_refused(site: Site) -> None:
    answer = site.visitor().upload("a\r\nX-Evil: 1.png", b"x")
    assert_invalid(answer, file="The file must be a file.")


def test_a_message_with_files_that_is_sent_again_is_filed_once(site: Site) -> None:
    visitor = site.visitor()
    first, second = (visitor.upload("a.txt", b"a", "text/plain") for _ in range(2))
    ids = [it.json["attachment"]["id"] for it in (first, second)]
    visitor.start("Look", client_id="a", attachment_ids=ids[:1])
    sent = visitor.say("And", client_id="b", attachment_ids=ids[1:])
    # Another tab of the visitor uploaded it as well.
    again = visitor.upload("a.txt", b"a", "text/plain").json["attachment"]["id"]
    for attachment_ids in (ids[1:], [again]):
        answer = visitor.say("And", client_id="b", attachment_ids=attachment_ids)
        assert answer.json == sent.json
        restarted = visitor.start("Look", client_id="a", attachment_ids=attachment_ids)
        assert restarted.json["thread"]["body"] == "Look"
    files = [[file["id"] for file in it["attachments"]] for it in visitor.history()]
    assert files == [ids[:1], ids[1:]]


def test_first_messages_at_once_make_one_conversation_and_the_same_one_once(site: Site) -> None:
    visitor = site.visitor()
    with ThreadPoolExecutor(8) as pool:
        answers = list(
            pool.map(
                lambda number: Visitor(site, visitor.id, "x").start(
                    f"{number % 4}", client_id=f"{number % 4}"
                ),
                range(16),
            )
        )
    assert {it.status_int for it in answers} == {201}
    assert len({it.json["conversation"]["id"] for it in answers}) == 1
    visitor.conversation_id = answers[0].json["conversation"]["id"]
    assert sorted(it["body"] for it in visitor.history()) == ["0", "1", "2", "3"]

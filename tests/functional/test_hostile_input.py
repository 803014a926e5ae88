"""Bad input at every door: a clear refusal, and a log that holds neither traceback nor content."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from support_core.testing import assert_error, assert_invalid

if TYPE_CHECKING:
    from support_core.testing import TestWorkspace

    from .conftest import LogLines

CONTROL = "contains characters that are not allowed."

MALFORMED = {
    "cut": b'{"email": "a@exa',
    "single quotes": b"{'email': 'a'}",
    "trailing comma": b'{"email": "a",}',
    "two values": b"{} {}",
    "comment": b'{} // "no"',
    "NaN": b'{"phone": NaN}',
    "infinity": b'{"phone": -Infinity}',
    "invalid UTF-8": b'{"email": "\xff\xfe"}',
    "UTF-16": '{"email": "a"}'.encode("utf-16"),
    "byte order mark": b'\xef\xbb\xbf{"email": "a"}',
    "raw control": b'{"email": "a\x00"}',
    "raw newline": b'{"email": "a\n"}',
    "deep arrays": b'{"email": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "deep objects": b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
    "endless number": b'{"phone": ' + b"9" * 100_000 + b"}",
    "binary": bytes(range(256)),
    "an array": b"[]",
    "a text": b'"email"',
    "a number": b"42",
    "null": b"null",
    "true": b"true",
}


@pytest.mark.parametrize("kind", MALFORMED)
def test_what_is_no_json_object_is_400(workspace: TestWorkspace, log: LogLines, kind: str) -> None:
    for path in ("/customers", "/conversations", "/auth/login", "/tokens"):
        answer = workspace.owner.post(path, raw=MALFORMED[kind])
        assert_error(answer, 400, "invalid_request")
    assert "Traceback" not in log.text


@pytest.mark.parametrize("raw", [b"", b"  \n", b"{}"])
def test_an_empty_body_is_an_object_without_fields(workspace: TestWorkspace, raw: bytes) -> None:
    answer = workspace.owner.post("/mailboxes", raw=raw)
    assert_invalid(answer, name="The name field is required.", email="The email field is required.")


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        (b'{"email": "a@example.test", "email": "b@example.test"}', "'email'"),
        (b'{"email": "a@example.test", "attributes": {"x": 1, "x": 2}}', "'x'"),
        (b'{"email": "a@example.test", "e\\u006dail": "b@example.test"}', "'email'"),
    ],
)
def test_a_key_given_twice_is_400_and_named(
    workspace: TestWorkspace, raw: bytes, name: str
) -> None:
    answer = workspace.owner.post("/customers", raw=raw)
    assert_error(answer, 400, "invalid_request")
    assert name in answer.json["message"]
    assert workspace.owner.get("/customers").json["data"] == []


def test_a_10_megabyte_body_is_413(workspace: TestWorkspace, log: LogLines) -> None:
    raw = b'{"email": "a@example.test", "notes": "' + b"x" * 10_000_000 + b'"}'
    assert_error(workspace.owner.post("/customers", raw=raw), 413, "payload_too_large")
    assert "xxxx" not in log.text


def test_numbers_beyond_every_database_are_refused_by_name(workspace: TestWorkspace) -> None:
    raw = b'{"email": "a@example.test", "attributes": {"n": %s}, "notes": "\\ud800"}'
    for number in (b"1e999", b"-1e999", b"9" * 40, b"-" + b"9" * 40):
        assert_invalid(
            workspace.owner.post("/customers", raw=raw % number),
            notes=f"The notes {CONTROL}",
            attributes="The attributes contains numbers that are out of range.",
        )


@pytest.mark.parametrize("text", ["a\x00b", "\ud800", "a\udfffb", "\x1b[31m", "\x07"])
def test_characters_no_database_takes_are_refused_by_name(
    workspace: TestWorkspace, text: str
) -> None:
    made = workspace.conversation()
    answer = workspace.owner.post(
        "/conversations",
        {
            "mailbox_id": workspace.a_mailbox,
            "customer_email": f"{text}@example.test",
            "customer_name": f"name {text}",
            "subject": f"subject {text}",
            "body": f"body {text}",
            "channel": "probe",
            "tags": ["fine", f"tag {text}"],
        },
    )
    assert_invalid(
        answer,
        customer_email=f"The customer email {CONTROL}",
        subject=f"The subject {CONTROL}",
        body=f"The body {CONTROL}",
        customer_name=f"The customer name {CONTROL}",
        **{"tags.1": f"The tags.1 {CONTROL}"},
    )
    assert_invalid(
        workspace.owner.post(f"/conversations/{made['id']}/reply", {"body": text}),
        body=f"The body {CONTROL}",
    )


WRONG: dict[str, list[Any]] = {
    "The mailbox id must be an integer.": [True, "1", [], {}, 1.5],
    "The selected mailbox id is invalid.": [0, -1, 10**18, 2**63, 10**30, 1e300, -(10**30)],
    "The mailbox id field is required.": [None],
}


@pytest.mark.parametrize(("sentence", "value"), [(s, v) for s, vs in WRONG.items() for v in vs])
def test_an_id_is_an_integer_and_nothing_like_one(
    workspace: TestWorkspace, sentence: str, value: object
) -> None:
    body = {
        "mailbox_id": value,
        "customer_email": "a@example.test",
        "subject": "Hello",
        "body": "There",
        "channel": "probe",
    }
    assert_invalid(workspace.owner.post("/conversations", body), mailbox_id=sentence)


@pytest.mark.parametrize("value", [1, True, 1.5, [], {}, ["x"]])
def test_a_text_is_a_text(workspace: TestWorkspace, value: object) -> None:
    body = {"email": value, "display_name": value, "notes": value, "phone": value}
    assert_invalid(
        workspace.owner.post("/customers", body),
        email="The email must be a string.",
        display_name="The display name must be a string.",
        phone="The phone must be a string.",
        notes="The notes must be a string.",
    )


@pytest.mark.parametrize(
    "address",
    [
        "x",
        "@example.test",
        "a@",
        "a b@example.test",
        "a@exa mple.test",
        "a@example..test",
        "a@-example.test",
        "Jane <a@example.test>",
        "a@example.test, b@example.test",
        "a@example.test\r\nBcc: c@example.test",
        '"a b"@example.test',
        "a@[127.0.0.1]",
        "x" * 65 + "@example.test",
        "a@" + "x" * 64 + ".test",
        "a@@example.test",
    ],
)
def test_an_address_is_one_plain_address(workspace: TestWorkspace, address: str) -> None:
    answer = workspace.owner.post("/customers", {"email": address})
    assert answer.status_int == 422
    assert list(answer.json["errors"]) == ["email"]


def test_unknown_keys_are_named_and_cut_short(workspace: TestWorkspace) -> None:
    body = {"email": "a@example.test", "__proto__": 1, "is_admin": True, "x" * 300: 1, "a\x00": 1}
    answer = workspace.owner.post("/customers", body)
    assert answer.status_int == 422
    named = list(answer.json["errors"])
    assert named == ["__proto__", "is_admin", "x" * 100, "a\\x00"]
    many = {f"k{number}": 1 for number in range(5000)}
    assert len(workspace.owner.post("/customers", many).json["errors"]) < 100


INJECTIONS = (
    "'; DROP TABLE conversations; --",
    '" OR ""="',
    "1) UNION SELECT secret_hash FROM api_tokens--",
    "%' ESCAPE '\\",
    "${jndi:ldap://x}",
    "{{7*7}}",
    "%(password)s %s {0}",
    "\\\\' \\x00",
    "../../../etc/passwd",
)


@pytest.mark.parametrize("text", INJECTIONS)
def test_metacharacters_are_ordinary_text(
    workspace: TestWorkspace, log: LogLines, text: str
) -> None:
    made = workspace.conversation(subject=text, body=text, customer_name=text, tags=[text])
    assert made["subject"] == made["threads"][0]["body"] == text
    assert made["customer"]["display_name"] == text
    word = quote(text, safe="")
    for query in (f"search={word}", f"tag={word}", f"search={word}&cursor="):
        rows = workspace.owner.get(f"/conversations?{query}").json["data"]
        assert [row["id"] for row in rows] == [made["id"]], query
    for name in ("status", "channel", "mailbox_id", "assigned_to", "sort", "created_after"):
        answer = workspace.owner.get(f"/conversations?{name}={word}")
        assert answer.status_int == 422
        assert name in answer.json["errors"]
    assert workspace.owner.get(f"/customers?search={word}").json["meta"]["total"] == 1
    assert "Traceback" not in log.text


@pytest.mark.parametrize(
    "path",
    ["/conversations/%ff", "/%c3%28", "/conversations?search=%ff", "/users?%ff=1", "/%ed%a0%80"],
)
def test_invalid_utf_8_in_path_or_query_is_400(
    workspace: TestWorkspace, log: LogLines, path: str
) -> None:
    assert_error(workspace.owner.get(path), 400, "invalid_request")
    assert "Traceback" not in log.text


def test_nul_in_a_query_is_refused_by_name(workspace: TestWorkspace) -> None:
    for path in ("/conversations", "/customers", "/users"):
        assert_invalid(workspace.owner.get(f"{path}?search=a%00b"), search=f"The search {CONTROL}")
    assert_error(workspace.owner.get("/conversations/1%00"), 404, "not_found")


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer "},
        {"Authorization": "Bearer sct_\xe9\xff"},
        {"Authorization": "Basic YTpi"},
        {"Authorization": "sct_x"},
        {"Authorization": "Bearer " + "x" * 5000},
        {"Authorization": "Bearer sct_' OR 1=1 --"},
    ],
)
def test_odd_credentials_are_401(
    workspace: TestWorkspace, log: LogLines, headers: dict[str, str]
) -> None:
    assert_error(workspace.owner.get("/auth/me", headers=headers), 401, "unauthenticated")
    assert "Traceback" not in log.text


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("If-None-Match", '"'),
        ("If-None-Match", "\xe9"),
        ("If-Modified-Since", "yesterday"),
        ("Range", "bytes=99999999-"),
        ("Range", "bytes=0-3"),
        ("Cookie", "support_session=\xe9\xff; ;;=="),
        ("X-Workspace", "\xe9" * 300),
        ("X-Forwarded-For", "' OR 1=1"),
        ("Content-Type", "\xe9"),
        ("Accept-Encoding", ";;;"),
    ],
)
def test_odd_headers_harm_nobody(workspace: TestWorkspace, name: str, value: str) -> None:
    path = f"/conversations/{workspace.conversation()['id']}"
    assert workspace.owner.get(path, headers={name: value}).status_int == 200


def test_the_log_holds_neither_bodies_nor_secrets(workspace: TestWorkspace, log: LogLines) -> None:
    token = workspace.owner.post("/tokens", {"name": "t"}).json["data"]["token"]
    id_ = workspace.conversation(body="heliotrope body", subject="vermilion subject")["id"]
    workspace.owner.post(f"/conversations/{id_}/reply", {"body": "cerulean reply"})
    workspace.owner.post(f"/conversations/{id_}/reply", {"body": ["cerulean"], "type": "x"})
    workspace.owner.get("/conversations?search=turquoise")
    workspace.owner.post("/customers", {"email": "ochre@example.test", "notes": "magenta note"})
    workspace.owner.post("/auth/login", {"email": "ochre@example.test", "password": "chartreuse"})
    workspace.under_test.run_jobs()
    assert "/conversations/{id:" in log.text
    for secret in (
        "heliotrope",
        "vermilion",
        "cerulean",
        "turquoise",
        "ochre",
        "magenta",
        "chartreuse",
        token,
        workspace.owner.headers["Authorization"].removeprefix("Bearer "),
    ):
        assert secret not in log.text
    assert "Traceback" not in log.text

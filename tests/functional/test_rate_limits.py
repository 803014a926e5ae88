"""Rate limits: the reference's headers on every limited answer, counted per credential."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from support_core.testing import Client, assert_error

if TYPE_CHECKING:
    from webtest.response import TestResponse

    from support_core.testing import DeskUnderTest, TestWorkspace

NAMES = ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset")


@pytest.fixture
def workspace(limited: DeskUnderTest) -> TestWorkspace:
    """A workspace of the desk with limits: 8 requests an hour, 3 creations, 2 mailboxes."""
    return limited.workspace()


def shown(answer: TestResponse) -> tuple[int, int]:
    """Return limit and what is left; sees that the window's end is a time to come."""
    limit, remaining, reset = (int(answer.headers[name]) for name in NAMES)
    assert time.time() - 1 <= reset <= time.time() + 3600
    return limit, remaining


def test_every_answer_counts_down(workspace: TestWorkspace) -> None:
    client = workspace.client()
    assert [shown(client.get("/conversations")) for _ in range(3)] == [(8, 7), (8, 6), (8, 5)]


def test_a_refusal_is_429_with_retry_after(workspace: TestWorkspace) -> None:
    client = workspace.client()
    for _ in range(8):
        assert client.get("/auth/me").status_int == 200
    answer = client.get("/auth/me")
    assert_error(answer, 429, "too_many_requests")
    assert shown(answer) == (8, 0)
    wait = int(answer.headers["Retry-After"])
    assert 0 < wait <= 3600
    assert abs(int(answer.headers["X-RateLimit-Reset"]) - time.time() - wait) <= 2
    assert "X-Request-Id" in answer.headers


def test_answers_that_are_errors_carry_the_headers_too(workspace: TestWorkspace) -> None:
    client = workspace.client(abilities=["view_conversations", "manage_customers"])
    statuses = []
    for answer in (
        client.get("/conversations/999999"),
        client.post("/customers", {}),
        client.post("/customers", raw=b"{"),
        client.get("/tokens"),
        client.get("/conversations", headers={"Accept": "text/html"}),
        client.post("/customers", raw=b"x", headers={"Content-Type": "text/plain"}),
    ):
        statuses.append(answer.status_int)
        assert shown(answer) == (8, 8 - len(statuses))
    assert statuses == [404, 422, 400, 403, 406, 415]


def test_the_tighter_of_two_limits_is_shown(workspace: TestWorkspace) -> None:
    client = workspace.client()
    body = {
        "mailbox_id": workspace.a_mailbox,
        "customer_email": "a@example.test",
        "subject": "Hello",
        "body": "There",
        "channel": "probe",
    }
    assert shown(client.post("/conversations", body)) == (3, 2)
    # Creations count against the general limit as well.
    assert shown(client.get("/conversations")) == (8, 6)
    for _ in range(3):
        client.get("/conversations")
    assert shown(client.post("/conversations", body)) == (3, 1)
    assert shown(client.get("/conversations")) == (8, 1)
    client.get("/conversations")
    answer = client.post("/conversations", body)
    assert_error(answer, 429, "too_many_requests")
    assert shown(answer) == (8, 0)


def test_the_endpoints_own_limit_refuses_only_that_endpoint(workspace: TestWorkspace) -> None:
    client = workspace.client()
    for number in range(2):
        made = {"name": "A", "email": f"m{number}@example.test"}
        assert client.post("/mailboxes", made).status_int == 201
    answer = client.post("/mailboxes", {"name": "A", "email": "m3@example.test"})
    assert_error(answer, 429, "too_many_requests")
    assert shown(answer) == (2, 0)
    assert client.get("/mailboxes").json["meta"]["total"] == 2


def test_refused_bodies_count_as_well(workspace: TestWorkspace) -> None:
    client = workspace.client()
    assert [client.post("/mailboxes", {}).status_int for _ in range(3)] == [422, 422, 429]


def test_each_token_has_its_own_count(workspace: TestWorkspace) -> None:
    first, second = workspace.client(), workspace.client()
    for _ in range(9):
        last = first.get("/auth/me")
    assert last.status_int == 429
    assert shown(second.get("/auth/me")) == (8, 7)


def test_sessions_of_one_user_share_a_count(workspace: TestWorkspace) -> None:
    password = "a long enough password"
    email = "sharing@example.test"
    workspace.member(email=email, password=password)
    wsgi = workspace.under_test.wsgi
    counts = []
    for _ in range(2):
        answer = Client(wsgi).post("/auth/login", {"email": email, "password": password})
        cookie = answer.headers["Set-Cookie"].partition(";")[0]
        counts.append(shown(Client(wsgi, {"Cookie": cookie}).get("/auth/me")))
    assert counts == [(8, 7), (8, 6)]


def test_a_limit_that_is_off_is_not_counted(workspace: TestWorkspace) -> None:
    client = workspace.client()
    answer = client.put(f"/mailboxes/{workspace.a_mailbox}", {"name": "B"})
    assert shown(answer) == (8, 7)


def test_logins_are_limited_by_address_written_to_and_by_callers_address(
    limited: DeskUnderTest,
) -> None:
    def attempt(email: str, address: str, **headers: str) -> TestResponse:
        client = Client(limited.wsgi, headers)
        client._app.extra_environ["REMOTE_ADDR"] = address
        return client.post("/auth/login", {"email": email, "password": "guess"})

    answers = [attempt("a@victim.test", f"192.0.2.{number}") for number in range(4)]
    assert [answer.status_int for answer in answers] == [422, 422, 422, 429]
    assert_error(answers[3], 429, "too_many_requests")
    assert [shown(answer) for answer in answers] == [(3, 2), (3, 1), (3, 0), (3, 0)]
    assert attempt("A@Victim.test", "192.0.2.9").status_int == 429
    # A header that anybody can write is no other address.
    spread = []
    for number in range(4):
        forged = {"X-Forwarded-For": f"198.51.100.{number}"}
        spread.append(attempt(f"{number}@victim.test", "192.0.2.77", **forged))
    assert [answer.status_int for answer in spread] == [422, 422, 422, 429]


def test_nobody_is_not_counted_and_public_answers_carry_no_headers(
    limited: DeskUnderTest,
) -> None:
    nobody = Client(limited.wsgi)
    for _ in range(12):
        assert nobody.get("/healthz").status_int == 200
        answer = nobody.get("/conversations")
        assert answer.status_int == 401
        assert NAMES[0] not in answer.headers


def test_a_desk_without_limits_shows_none(desk: DeskUnderTest) -> None:
    client = desk.workspace().client()
    for _ in range(70):
        answer = client.get("/auth/me")
        assert answer.status_int == 200
    assert all(name not in answer.headers for name in NAMES)

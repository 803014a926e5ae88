"""XOAUTH2: access tokens are renewed before they end, and health says when that fails."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import orjson
import pytest
from sqlalchemy import update

from support_core.testing.stand_in import Answer, StandIn
from support_email.models import EmailAccount
from support_email.oauth import access_token
from support_email.problems import MailServerError

from .wire import Post, a_post

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support_core.testing import TestWorkspace
    from tests.services.dovecot import Dovecot


def granted(token: str, **more: Any) -> Answer:
    body = {"access_token": token, "expires_in": 3600, "token_type": "Bearer", **more}
    return Answer(200, orjson.dumps(body))


@pytest.fixture
def server() -> Iterator[StandIn]:
    with StandIn(Answer(400, b'{"error": "invalid_grant"}')) as provider:
        yield provider


@pytest.fixture
def post(workspace: TestWorkspace, dovecot: Dovecot, server: StandIn) -> Post:
    return a_post(
        workspace,
        dovecot,
        imap_auth="xoauth2",
        oauth_token_url=f"{server.url}/token",
        oauth_client_id="client",
        oauth_client_secret="hush",
        oauth_refresh_token="refresh-1",
    )


def token(post: Post) -> str:
    return access_token(post.workspace.desk, post.mailbox_id)


def age(post: Post, **left: float) -> None:
    """Let so much be left of the access token's life."""
    with post.workspace.desk() as desk:
        desk.session.execute(
            update(EmailAccount).values(oauth_expires_at=desk.clock() + timedelta(**left))
        )


def health(post: Post) -> dict[str, Any]:
    listed = post.workspace.owner.get("/channels").json["data"]
    (email,) = [it for it in listed if it["name"] == "email"]
    (check,) = [it for it in email["health"] if post.address in it["name"]]
    return dict(check)


def test_a_token_is_asked_for_once_and_renewed_before_it_ends(post: Post, server: StandIn) -> None:
    server.answers += [granted("first"), granted("second", refresh_token="refresh-2")]
    assert token(post) == token(post) == "first"
    (call,) = server.calls
    assert parse_qs(call.body.decode()) == {
        "grant_type": ["refresh_token"],
        "refresh_token": ["refresh-1"],
        "client_id": ["client"],
        "client_secret": ["hush"],
    }
    age(post, minutes=10)
    assert token(post) == "second"
    server.answers.append(granted("third"))
    age(post, minutes=10)
    assert token(post) == "third"
    assert parse_qs(server.calls[-1].body.decode())["refresh_token"] == ["refresh-2"]


def test_health_turns_red_while_the_old_token_still_works(post: Post, server: StandIn) -> None:
    server.answers.append(granted("first"))
    assert token(post) == "first"
    assert health(post)["ok"]
    age(post, minutes=10)
    assert token(post) == "first"
    assert not health(post)["ok"]
    assert "invalid_grant" in health(post)["message"]
    server.answers.append(granted("second"))
    assert token(post) == "second"
    assert health(post)["ok"]


def test_health_turns_red_a_week_before_the_refresh_token_ends(post: Post, server: StandIn) -> None:
    server.answers.append(granted("first", refresh_token_expires_in=6 * 86400))
    token(post)
    assert "OAuth refresh token ends" in health(post)["message"]


def test_without_any_token_the_login_fails_and_says_why(post: Post, server: StandIn) -> None:
    with pytest.raises(MailServerError, match="invalid_grant") as raised:
        token(post)
    assert raised.value.step == "login"
    answer = post.workspace.owner.post(f"/mailboxes/{post.mailbox_id}/test-imap")
    assert answer.json["step"] == "login"
    assert "refresh-1" not in answer.text


def test_a_token_server_that_answers_nonsense_is_no_defect(post: Post, server: StandIn) -> None:
    server.answers += [Answer(200, b"<html>"), Answer(200, b'{"access_token": 7}'), Answer(302)]
    for _ in range(3):
        with pytest.raises(MailServerError):
            token(post)


def test_a_server_that_refuses_the_token_is_told_apart(post: Post, server: StandIn) -> None:
    server.answers.append(granted("not-a-good-one"))
    answer = post.workspace.owner.post(f"/mailboxes/{post.mailbox_id}/test-imap")
    assert answer.status_int == 422
    assert answer.json["step"] == "login"
    assert "not-a-good-one" not in answer.text

"""Access tokens for XOAUTH2, renewed before they run out (RFC 6749 section 6)."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import orjson

from support_core.plugin_api import OutgoingError

from .account import row_of
from .problems import MailServerError

if TYPE_CHECKING:
    from datetime import datetime

    from support_core.plugin_api import Desk, OpenDesk

#: A token with less left than this is renewed; from here on a failure to do so shows in health.
AHEAD = timedelta(minutes=15)

#: Where a server does not say how long its tokens live.
USUAL_LIFE = 3600

#: Health speaks up when the refresh token itself ends within so long.
REFRESH_AHEAD = timedelta(days=7)


def access_token(open_desk: OpenDesk, mailbox_id: int) -> str:
    """Return a token that is good for a while; raises ``MailServerError`` (login).

    While the old one lives, a failed renewal is only noted: mail goes on, health turns red.
    """
    with open_desk() as desk:
        row = row_of(desk, mailbox_id)
        now = desk.clock()
        if row is None or row.oauth_token_url is None or row.oauth_refresh_token is None:
            raise MailServerError("login", "The mailbox has no OAuth refresh token.")
        known = desk.keyring.decrypt(row.oauth_access_token) if row.oauth_access_token else None
        left = (row.oauth_expires_at - now) if known and row.oauth_expires_at else timedelta(0)
        if known and left > AHEAD:
            return known
        url, asked = row.oauth_token_url, _asked(desk, mailbox_id)
        client = desk.application.outgoing
    try:
        answer = client.request(
            "POST",
            url,
            headers={
                "content-type": "application/x-www-form-urlencoded",
                "accept": "application/json",
            },
            content=asked,
        )
        granted = _granted(answer.status, answer.body_head)
    except (OutgoingError, MailServerError) as error:
        _note_problem(open_desk, mailbox_id, str(error))
        if known and left > timedelta(0):
            return known
        raise MailServerError("login", f"No access token was granted: {error}") from error
    _keep(open_desk, mailbox_id, granted, now)
    return str(granted["access_token"])


def _asked(desk: Desk, mailbox_id: int) -> bytes:
    row = row_of(desk, mailbox_id)
    assert row is not None  # noqa: S101 - for the type checker
    assert row.oauth_refresh_token is not None  # noqa: S101
    values = {
        "grant_type": "refresh_token",
        "refresh_token": desk.keyring.decrypt(row.oauth_refresh_token),
        "client_id": row.oauth_client_id or "",
    }
    if row.oauth_client_secret:
        values["client_secret"] = desk.keyring.decrypt(row.oauth_client_secret)
    if row.oauth_scope:
        values["scope"] = row.oauth_scope
    return urlencode(values).encode()


def _granted(status: int, body: bytes) -> dict[str, Any]:
    try:
        answer: Any = orjson.loads(body)
    except orjson.JSONDecodeError:
        answer = None
    if not isinstance(answer, dict):
        raise MailServerError("login", f"the token server answered {status} without JSON.")
    if status != 200 or not isinstance(answer.get("access_token"), str):
        word = answer.get("error")
        told = f" ({word[:100]})" if isinstance(word, str) else ""
        raise MailServerError("login", f"the token server answered {status}{told}.")
    return answer


def _keep(open_desk: OpenDesk, mailbox_id: int, granted: dict[str, Any], now: datetime) -> None:
    with open_desk() as desk:
        row = row_of(desk, mailbox_id, lock=True)
        if row is None:
            return
        row.oauth_access_token = desk.keyring.encrypt(granted["access_token"])
        row.oauth_expires_at = now + timedelta(seconds=_seconds(granted, "expires_in", USUAL_LIFE))
        row.oauth_error = None
        if isinstance(granted.get("refresh_token"), str):
            row.oauth_refresh_token = desk.keyring.encrypt(granted["refresh_token"])
        until = _seconds(granted, "refresh_token_expires_in", 0)
        if until:
            row.oauth_refresh_expires_at = now + timedelta(seconds=until)


def _seconds(granted: dict[str, Any], name: str, otherwise: int) -> int:
    given = granted.get(name)
    return given if isinstance(given, int) and 0 < given < 10**9 else otherwise


def _note_problem(open_desk: OpenDesk, mailbox_id: int, problem: str) -> None:
    with open_desk() as desk:
        row = row_of(desk, mailbox_id, lock=True)
        if row is not None:
            row.oauth_error = problem

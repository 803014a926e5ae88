"""One attempt to deliver a message, signed by Standard Webhooks 1.0.0; outside any transaction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from support_core.plugin_api import OutgoingError, retry_after, sign

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from support_core.plugin_api import OutgoingClient

#: What of an answer is kept: bytes of the body, headers, and characters of one.
KEPT_BODY, KEPT_HEADERS, KEPT_VALUE = 2048, 50, 500


@dataclass(frozen=True)
class Message:
    """What is to be posted where; ``number`` counts the attempts of its delivery."""

    delivery_id: int
    number: int
    message_id: str
    url: str
    body: bytes
    secrets: tuple[str, ...]


@dataclass(frozen=True)
class Outcome:
    """What became of an attempt; ``error`` says why it failed, None where it did not."""

    started_at: datetime
    duration_ms: int
    request_headers: dict[str, str]
    status: int | None = None
    response_headers: dict[str, str] | None = None
    response_body: str | None = None
    error: str | None = None
    retry_after: float | None = None


def post(client: OutgoingClient, message: Message, *, clock: Callable[[], datetime]) -> Outcome:
    """Post a message; whatever comes of it is an outcome. Redirects are not followed."""
    started = clock()
    timestamp = int(started.timestamp())
    headers = {
        "content-type": "application/json",
        "user-agent": "support-core-webhooks",
        **sign(
            message.secrets,
            message_id=message.message_id,
            timestamp=timestamp,
            body=message.body,
        ),
    }
    try:
        answer = client.request("POST", message.url, headers=headers, content=message.body)
    except OutgoingError as error:
        return Outcome(started, _milliseconds(started, clock()), headers, error=str(error))
    good = 200 <= answer.status < 300
    return Outcome(
        started,
        _milliseconds(started, clock()),
        headers,
        status=answer.status,
        response_headers=_kept(answer.headers),
        response_body=_clean(answer.body_head[:KEPT_BODY].decode("utf-8", "replace")),
        error=None if good else f"The receiver answered {answer.status}.",
        retry_after=retry_after(answer.headers.get("retry-after"), now=timestamp),
    )


def _milliseconds(started: datetime, ended: datetime) -> int:
    return max(0, round((ended - started).total_seconds() * 1000))


def _kept(headers: Mapping[str, str]) -> dict[str, str]:
    found = list(headers.items())[:KEPT_HEADERS]
    return {_clean(name[:KEPT_VALUE]): _clean(value[:KEPT_VALUE]) for name, value in found}


def _clean(text: str) -> str:
    """Return a text without what PostgreSQL cannot hold."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()

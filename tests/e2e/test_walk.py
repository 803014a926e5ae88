"""The main job from end to end: a real server, a real mail's words, a verified webhook."""

from __future__ import annotations

import email
import os
import time
from email import policy
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from support_core.testing.stand_in import Answer, StandIn

from .served import ROOT, desk_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.services.databases import Databases

CORPUS = Path(os.environ.get("SUPPORT_CORPUS") or "../shared/corpus")
BUILT_IN = (
    "Re: Grüße — the Schraubenzieher has not arrived",
    "Hello,\n\nit was due on Monday. “Where is it?” asked my mother; ¿dónde está? 🙂\n\n-- \nAda\n",
)
MOST_MAILS = 5


def mails() -> list[tuple[str, str]]:
    """Return subject and text of some real mails, or of the one that is built in."""
    found = []
    for path in sorted((ROOT / CORPUS / "email").glob("*/*.eml")):
        message = email.message_from_bytes(path.read_bytes(), policy=policy.default)
        part = message.get_body(("plain",))
        subject = " ".join((message["subject"] or "").split())
        raw = part.get_payload(decode=True) if part is not None else b""
        text = raw.decode("utf-8", "replace").strip()
        if len(subject) >= 3 and len(text) > 200:
            found.append((subject, text[:50_000]))
    return found[:MOST_MAILS] or [BUILT_IN]


class Api:
    """A client of the served desk; refusals raise."""

    def __init__(self, base: str, token: str) -> None:
        self._http = httpx.Client(base_url=base, headers={"Authorization": f"Bearer {token}"})

    def __call__(self, method: str, path: str, body: Any = None) -> Any:
        answer = self._http.request(method, path, json=body)
        assert answer.is_success, answer.text
        return answer.json()

    def close(self) -> None:
        self._http.close()


@pytest.fixture
def callback() -> Iterator[StandIn]:
    with StandIn(Answer(204, b"")) as listener:
        yield listener


def heard(callback: StandIn, count: int) -> None:
    """Wait until ``count`` webhooks have come."""
    deadline = time.monotonic() + 20
    while len(callback.calls) < count:
        assert time.monotonic() < deadline, "no webhook came"
        time.sleep(0.05)


def word_of(subject: str) -> str:
    return max(subject.split(), key=len)


def test_a_mails_words_become_a_conversation_that_is_answered_found_and_closed(
    databases: Databases, tmp_path: Path, callback: StandIn
) -> None:
    served = desk_in(tmp_path, databases.create(f"walk_{os.getpid()}"))
    made = served.bootstrap()
    with served.running("serve"):
        api = Api(served.base, made["token"])
        address = {"callback_url": f"{callback.url}/replies"}
        mailbox = api(
            "POST", "/mailboxes", {"name": "Shop", "email": "shop@example.test", **address}
        )["data"]
        for number, (subject, text) in enumerate(mails(), 1):
            customer = f"customer{number}@example.test"
            opened = api(
                "POST",
                "/conversations",
                {
                    "mailbox_id": mailbox["id"],
                    "customer_email": customer,
                    "subject": subject,
                    "body": text,
                },
            )["data"]
            assert opened["number"] == number
            assert opened["threads"][0]["body_text"] == text
            path = f"/conversations/{opened['id']}"
            reply = api("POST", f"{path}/reply", {"body": f"Answer {number}"})["data"]
            api("POST", f"{path}/reply", {"body": "For us only", "type": "note"})
            assigned = api("PATCH", f"{path}/assign", {"user_id": made["user"]["id"]})["data"]
            assert assigned["assignedUser"]["id"] == made["user"]["id"]
            assert (
                api("PATCH", f"{path}/status", {"status": "closed"})["data"]["status"] == "closed"
            )

            heard(callback, number)
            call = callback.calls[-1]
            event = Webhook(mailbox["callback_secret"]).verify(call.body, call.headers)
            assert event["data"]["thread"]["id"] == reply["id"]
            assert event["data"]["thread"]["body"] == f"Answer {number}"
            assert event["data"]["conversation"]["customer"]["email"] == customer
            with pytest.raises(WebhookVerificationError):
                Webhook(mailbox["callback_secret"]).verify(call.body + b" ", call.headers)

            for term in (word_of(subject), customer):
                found = httpx.QueryParams({"search": term, "per_page": 100})
                listed = api("GET", f"/conversations?{found}")["data"]
                assert opened["id"] in [it["id"] for it in listed], term

        total = len(mails())
        pages = [
            api("GET", f"/conversations?per_page=1&page={page}&sort=number")["data"]
            for page in range(1, total + 2)
        ]
        assert [[it["number"] for it in page] for page in pages] == [
            *([number] for number in range(1, total + 1)),
            [],
        ]
        api.close()
    assert len(callback.calls) == total, "each reply was posted once"


def test_the_built_in_mail_stands_in_where_there_is_no_corpus(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(globals(), "CORPUS", Path("no-such-folder"))
    assert mails() == [BUILT_IN]

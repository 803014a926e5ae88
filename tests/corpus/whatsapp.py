"""Real webhooks of WhatsApp, and what each must come to in the desk, seen through the REST API.

``python -m tests.corpus.whatsapp FOLDER`` posts all of a collection, each twice, and prints what
differs; ``make corpus`` does so with the one in ``SUPPORT_CORPUS``.

What is expected is written beside the payloads: messages, reactions, statuses, and what is to be
passed over. Each is posted with its own signature, to an account with its number and its secret.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from webtest import TestApp

from support_core.testing import make_desk
from support_core.testing.workspace import BASE
from support_whatsapp.simulator import GraphServer

from .whatsapp_http import HTTPPlay, http_cases

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support_core.testing import DeskUnderTest, TestWorkspace

#: Facts of a message that the thread's ``meta`` has under the same name.
SAME = (
    "external_id",
    "contact_name",
    "type",
    "reply_to_external_id",
    "forwarded",
    "interactive_type",
    "payload",
    "order_items",
)


@dataclass
class Case:
    """A payload with what is expected of it."""

    file: str
    raw: bytes = field(repr=False)
    signature: str
    secret: str
    expect: list[dict[str, Any]]

    def number(self) -> str | None:
        """Return the phone number id that the payload is for."""
        payload = json.loads(self.raw)
        entries = payload.get("entry")
        for entry in entries if isinstance(entries, list) else []:
            for change in entry.get("changes", []):
                number = change.get("value", {}).get("metadata", {}).get("phone_number_id")
                if number:
                    return str(number)
        return None

    def of(self, *kinds: str) -> list[dict[str, Any]]:
        """Return what is expected of these kinds."""
        return [it for it in self.expect if it["kind"] in kinds]


def cases(folder: Path) -> Iterator[Case]:
    """Read a collection: ``expectations.jsonl`` and the payloads that it names."""
    for line in (folder / "expectations.jsonl").read_text("utf-8").splitlines():
        if line.strip():
            told = json.loads(line)
            yield Case(
                file=told["file"],
                raw=(folder / told["file"]).read_bytes(),
                signature=told["x_hub_signature_256"],
                secret=told["app_secret"],
                expect=told["expect"],
            )


class Play:
    """A case in a workspace of its own."""

    def __init__(self, desk: DeskUnderTest, case: Case) -> None:
        self.case = case
        self.workspace: TestWorkspace = desk.workspace()
        body = {
            "mailbox_id": self.workspace.mailbox(),
            "phone_number_id": case.number() or "none",
            "access_token": "token",
            "app_secret": case.secret,
        }
        answer = self.workspace.owner.post("/whatsapp/accounts", body)
        assert answer.status_int == 201, answer.text
        self.account = answer.json["data"]["id"]

    def post(self) -> int:
        """Post the payload as it is; return the answer's status."""
        headers = {"Content-Type": "application/json", "X-Hub-Signature-256": self.case.signature}
        answer = TestApp(self.workspace.under_test.wsgi).post(
            f"{BASE}/whatsapp/webhook/{self.account}",
            self.case.raw,
            headers=headers,
            expect_errors=True,
        )
        return int(answer.status_int)

    def picture(self) -> dict[str, Any]:
        """Return what the REST API shows now, without times."""
        owner = self.workspace.owner
        listed = owner.get("/conversations?per_page=100").json["data"]
        shown = [owner.get(f"/conversations/{it['id']}").json["data"] for it in listed]
        ledger = owner.get(f"/whatsapp/accounts/{self.account}/ingest?per_page=100&sort=id").json
        return {
            "conversations": shown,
            "customers": owner.get("/customers?per_page=100").json["data"],
            "ledger": ledger["data"],
        }

    def problems(self) -> list[str]:
        """Return in which ways the desk differs from what is expected."""
        picture = self.picture()
        threads = [it for one in picture["conversations"] for it in one["threads"]]
        messages = {it["meta"]["external_id"]: it for it in threads if it["type"] == "customer"}
        wanted = self.case.of("message", "unsupported")
        found = [f"failed: {it['reason']}" for it in picture["ledger"] if it["state"] == "failed"]
        count = sum(it["type"] == "customer" for it in threads)
        if count != len(wanted):
            found.append(f"{count} messages instead of {len(wanted)}")
        for expected in wanted:
            thread = messages.get(expected["external_id"])
            if thread is None:
                found.append(f"no message {expected['external_id']}")
            else:
                found += self._of_message(expected, thread, picture)
        if not wanted and (picture["conversations"] or picture["customers"]):
            found.append("something was made of nothing")
        found += self._of_reactions(messages)
        found += self._of_others(picture)
        return found

    def _of_message(
        self, expected: dict[str, Any], thread: dict[str, Any], picture: dict[str, Any]
    ) -> Iterator[str]:
        meta = thread["meta"]
        if meta["kind"] != expected["kind"]:
            yield f"kind {meta['kind']}"
        if not thread["body"].strip():
            yield "an empty message"
        if expected.get("text", thread["body"]) != thread["body"]:
            yield f"text {thread['body']!r}"
        for name in SAME:
            if name in expected and meta.get(name) != expected[name]:
                yield f"{name} {meta.get(name)!r} instead of {expected[name]!r}"
        sender = str(expected["from"])
        phones = {it["phone"] for it in picture["customers"]}
        if meta["from"] != sender or not phones & {sender, f"+{sender}"}:
            yield f"from {meta['from']!r} with {phones}"
        for name, value in expected.get("referral", {}).items():
            if meta["referral"].get(name) != value:
                yield f"referral.{name}"
        codes = [it["code"] for it in meta.get("errors", [])]
        if codes != [*expected.get("errors", []), *expected.get("media_error", [])]:
            yield f"errors {codes}"
        attachments = meta.get("attachments", [])
        if len(attachments) != len(expected["attachments"]):
            yield f"{len(attachments)} attachments"
        for one, other in zip(expected["attachments"], attachments, strict=False):
            # A link of a webhook is not kept: it runs out, and the file's id gives another.
            names = one.keys() - ({"url"} if "media_id" in one else set())
            yield from (f"attachment {name}" for name in names if other.get(name) != one[name])

    def _of_reactions(self, messages: dict[str, Any]) -> Iterator[str]:
        ledger = self.picture()["ledger"]
        shown = Counter(
            (name, reaction["emoji"])
            for name, thread in messages.items()
            for reaction in thread["meta"].get("reactions", [])
        )
        wanted = Counter(
            (it["target_external_id"], it["emoji"])
            for it in self.case.of("reaction")
            if it.get("target_external_id") in messages and not it.get("removed")
        )
        if shown != wanted:
            yield f"reactions {dict(shown)} instead of {dict(wanted)}"
        told = sum(it["kind"] == "message" and it["type"] == "reaction" for it in ledger)
        if told != len(self.case.of("reaction")):
            yield f"{told} reactions in the ledger"

    def _of_others(self, picture: dict[str, Any]) -> Iterator[str]:
        ledger = Counter(
            (it["kind"], it["type"]) if it["kind"] == "status" else it["kind"]
            for it in picture["ledger"]
        )
        for expected in self.case.of("status"):
            if not ledger["status", expected["status"]]:
                yield f"no status {expected['status']}"
        for expected in self.case.of("ignore_or_admin_event"):
            if not ledger[expected["field"]]:
                yield f"{expected['field']} was lost"
        for kind, word in (("deleted_by_customer", "revoke"), ("system_event", "system")):
            told = [it["type"] for it in picture["ledger"] if it["kind"] == "message"]
            if told.count(word) != len(self.case.of(kind)):
                yield f"{told.count(word)} of {kind}"


def judge(folder: Path) -> int:
    """Post every payload of a collection, twice, and play what stands in ``http_cases.jsonl``.

    Prints what differs, and returns of how many.
    """
    wrong = 0
    found = list(cases(folder))
    with tempfile.TemporaryDirectory() as place, GraphServer() as graph:
        here = Path(place)
        desk = make_desk(
            here,
            f"sqlite:///{here / 'corpus.sqlite'}",
            plugins=("whatsapp", "plans"),
            support__whatsapp__graph_url=graph.url,
        )
        for case in found:
            play = Play(desk, case)
            problems = [] if play.post() == 200 else ["it was refused"]
            desk.run_jobs()
            problems += play.problems()
            before = play.picture()
            play.post()
            desk.run_jobs()
            problems += [] if play.picture() == before else ["a second time it changed something"]
            wrong += bool(problems)
            sys.stdout.write("".join(f"{case.file}: {it}\n" for it in problems))
        asked = http_cases(folder)
        for http_case in asked:
            differs = HTTPPlay(desk, graph, http_case).problems()
            wrong += bool(differs)
            sys.stdout.write("".join(f"{http_case.name}: {it}\n" for it in differs))
        desk.application.close()
    count = len(found) + len(asked)
    sys.stdout.write(f"{count} webhooks of WhatsApp, {count - wrong} as expected\n")
    return wrong


if __name__ == "__main__":
    sys.exit(bool(judge(Path(sys.argv[1]))))

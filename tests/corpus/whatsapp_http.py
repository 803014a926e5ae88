"""How a webhook must answer: the cases of ``http_cases.jsonl``, each judged by what stands there.

A case names a request, in the file's own words where it needs no more (query, headers, body), and
by its name where a note describes what is to be sent; and what is expected. A name or an
expectation that nothing here knows counts as a difference, never as fulfilled.
"""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from webtest import TestApp

from support_core.testing.workspace import BASE
from support_whatsapp.signatures import HEADER, signature
from support_whatsapp.simulator import Customer, Sent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from webtest.response import TestResponse

    from support_core.testing import DeskUnderTest
    from support_whatsapp.simulator import GraphServer

FILE = "http_cases.jsonl"
SECRET, TOKEN = "corpus-secret", "corpus-token"
CONFIGURED = "<configured token>"
NUMBER, ELSEWHERE = "106540352242922", "106540352249999"


@dataclass
class HTTPCase:
    """A line of the file."""

    name: str
    request: dict[str, Any]
    expect: dict[str, Any]


def http_cases(folder: Path) -> list[HTTPCase]:
    """Read the file; nothing where there is none."""
    path = folder / FILE
    lines = path.read_text("utf-8").splitlines() if path.is_file() else []
    told = [json.loads(line) for line in lines if line.strip()]
    return [HTTPCase(it["case"], it["request"], it["expect"]) for it in told]


class HTTPPlay:
    """A case in a workspace of its own; :meth:`problems` plays it."""

    def __init__(self, desk: DeskUnderTest, graph: GraphServer, case: HTTPCase) -> None:
        self.case = case
        self.desk, self.graph = desk, graph
        self.workspace = desk.workspace()
        body = {
            "mailbox_id": self.workspace.mailbox(),
            "phone_number_id": NUMBER,
            "access_token": "token",
            "app_secret": SECRET,
            "verify_token": TOKEN,
        }
        answer = self.workspace.owner.post("/whatsapp/accounts", body)
        assert answer.status_int == 201, answer.text
        self.path = f"{BASE}/whatsapp/webhook/{answer.json['data']['id']}"
        self.customer = Customer(NUMBER, "31612345678", "Noor")
        self.answers: list[TestResponse] = []
        self.wanted: list[str] = []

    def problems(self) -> list[str]:
        """Play the case; return in which ways it differs from what is expected."""
        if self.case.request.get("method") == "GET":
            self._ask()
        elif play := PLAYS.get(self.case.name):
            play(self)
        elif "body" in self.case.request or "body_file" in self.case.request:
            self._as_it_stands()
        else:
            return ["it is not known what to send"]
        self.desk.run_jobs()
        return [it for name, value in self.case.expect.items() for it in self._check(name, value)]

    def _check(self, name: str, value: Any) -> Iterator[str]:
        if name == "note":
            return
        if name not in CHECKS:
            yield f"it is not known how {name} is judged"
        elif (found := CHECKS[name](self, value)) is not None:
            yield f"{name}: {found} instead of {value!r}"

    def _ask(self) -> None:
        query = {
            name: TOKEN if value == CONFIGURED else value
            for name, value in self.case.request["query"].items()
        }
        self.answers.append(self._app().get(self.path, query, expect_errors=True))

    def _as_it_stands(self) -> None:
        request = self.case.request
        body = request.get("body")
        raw = body.encode() if body is not None else self._raw(self.customer.says("Hello"))
        self._post(raw, None if request.get("signed") else request.get("headers", {}))

    def post(self, webhook: Any, **dumped: Any) -> None:
        """Post a webhook, signed."""
        self._post(self._raw(webhook, **dumped))

    def says(self, text: str, **more: Any) -> Any:
        """Return the webhook of a text that is to be a message."""
        self.wanted.append(text)
        return self.customer.says(text, **more)

    def _raw(self, webhook: Any, **dumped: Any) -> bytes:
        return json.dumps(webhook, **dumped).encode()

    def _post(self, raw: bytes, headers: dict[str, str] | None = None) -> None:
        given = {HEADER: signature(SECRET, raw)} if headers is None else headers
        sent = {"Content-Type": "application/json", **given}
        self.answers.append(self._app().post(self.path, raw, headers=sent, expect_errors=True))

    def _app(self) -> TestApp:
        return TestApp(self.workspace.under_test.wsgi)

    def at_once(self, webhook: Any) -> None:
        """Post the same bytes, once and then several times at the same time."""
        raw = self._raw(webhook)
        self._post(raw)
        with ThreadPoolExecutor(4) as threads:
            list(threads.map(self._post, [raw] * 4))

    def reply(self) -> Sent:
        """Have a customer write and an agent answer; return what went out."""
        self.post(self.customer.says("Where is it?"))
        self.desk.run_jobs()
        (conversation,) = self._listed()
        path = f"/conversations/{conversation['id']}/reply"
        assert self.workspace.owner.post(path, {"body": "On its way"}).status_int == 201
        before = len(self.graph.sent)
        self.desk.run_jobs()
        (sent,) = self.graph.sent[before:]
        return sent

    def _listed(self) -> Any:
        return self.workspace.owner.get("/conversations?per_page=100").json["data"]

    def threads(self) -> list[Any]:
        """Return the threads of all conversations."""
        owner = self.workspace.owner
        shown = [owner.get(f"/conversations/{it['id']}").json["data"] for it in self._listed()]
        return [it for one in shown for it in one["threads"]]

    def texts(self) -> list[str]:
        """Return what customers said, as the desk shows it."""
        return [it["body"] for it in self.threads() if it["type"] == "customer"]

    def statuses(self) -> set[int]:
        """Return the statuses of all answers."""
        return {it.status_int for it in self.answers}

    def left_out(self) -> list[str]:
        """Return which texts that are to be there are not, or not once."""
        found = self.texts()
        return [it for it in self.wanted if found.count(it) != 1]

    def made(self) -> int:
        """Return how many conversations and customers there are."""
        customers = self.workspace.owner.get("/customers").json["data"]
        return len(self._listed()) + len(customers)


def _out_of_order(play: HTTPPlay) -> None:
    sent = play.reply()
    for status in ("read", "delivered", "sent"):
        play.post(play.customer.reports(sent, status))
        play.desk.run_jobs()


def _batch(play: HTTPPlay) -> None:
    sent = play.reply()
    status = play.customer.reports(sent, "delivered")["entry"][0]["changes"][0]
    entries = []
    for entry in range(2):
        message = play.says(f"Of entry {entry}")["entry"][0]
        changes = [*message["changes"], status]
        entries.append({**message, "changes": changes if entry else changes[::-1]})
    play.post({"object": "whatsapp_business_account", "entry": entries})


def _one_bad(play: HTTPPlay) -> None:
    webhook = play.says("Before")
    messages = webhook["entry"][0]["changes"][0]["value"]["messages"]
    (after,) = play.says("After")["entry"][0]["changes"][0]["value"]["messages"]
    messages += [{"id": 7, "type": ["text"], "text": "nothing of this is right"}, after]
    play.post(webhook)


PLAYS: dict[str, Callable[[HTTPPlay], None]] = {
    "post_signature_over_raw_bytes": lambda it: it.post(
        it.says("Größe 👋"), ensure_ascii=False, indent=3
    ),
    "post_same_payload_twice": lambda it: it.at_once(it.says("Once")),
    "post_status_out_of_order": _out_of_order,
    "post_status_for_unknown_message": lambda it: it.post(
        it.customer.reports(Sent("wamid.never", {}), "read")
    ),
    "post_batch": _batch,
    "post_one_bad_item_in_batch": _one_bad,
    "post_unknown_phone_number_id": lambda it: it.post(
        Customer(ELSEWHERE, "31612345678", "Noor").says("Hello")
    ),
}


def _status(play: HTTPPlay, wanted: int) -> str | None:
    left_out = play.left_out()
    if left_out:
        return f"{left_out} left out"
    return None if play.statuses() == {wanted} else f"{play.statuses()}"


def _delivery(play: HTTPPlay, wanted: str) -> str | None:
    states = [it["delivery"]["state"] for it in play.threads() if it.get("delivery")]
    return None if states == [wanted] else f"{states}"


def _count(play: HTTPPlay, wanted: int) -> str | None:
    count = len(play.texts())
    return None if count == wanted and not play.left_out() else f"{play.texts()}"


def _good(play: HTTPPlay, wanted: int) -> str | None:
    """Judge the good ones only: a bad one may be shown as unsupported, or not at all."""
    count = sum(text in play.wanted for text in play.texts())
    return None if count == wanted and not play.left_out() else f"{play.texts()}"


#: What differs, in words, or None.
CHECKS: dict[str, Callable[[HTTPPlay, Any], str | None]] = {
    "status": _status,
    "status_in": lambda it, wanted: (
        None if it.statuses() <= set(wanted) and it.statuses() else f"{it.statuses()}"
    ),
    "body": lambda it, wanted: (
        None if {answer.text for answer in it.answers} == {wanted} else it.answers[-1].text
    ),
    "body_must_not_contain": lambda it, unwanted: (
        "it" if any(unwanted in answer.text for answer in it.answers) else None
    ),
    "nothing_created": lambda it, wanted: (
        None if (it.made() == 0) is wanted else f"{it.made()} made"
    ),
    "messages_created": _count,
    "good_items_processed": _good,
    "all_items_processed": lambda it, _wanted: (
        f"{it.left_out()} left out" if it.left_out() else _delivery(it, "delivered")
    ),
    "final_status": _delivery,
}

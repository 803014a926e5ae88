"""What is measured: requests as a client sends them, several of each kind."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import quote

import orjson

from support_core.pagination import Cursor

from .seed import COMMON_WORD, DELETED_EVERY, FIRST_CONVERSATION, RARE_WORD

if TYPE_CHECKING:
    from datetime import datetime

    from .seed import Seeded

BASE = "/api/support/conversations"
VARIANTS = 100

#: Two letters that many subjects and addresses hold.
SHORT_TERM = "ar"


@dataclass(frozen=True)
class Call:
    """One request; ``body`` is JSON."""

    method: str
    path: str
    body: bytes = b""


@dataclass(frozen=True)
class Workload:
    """Requests of one kind. ``shape`` says what the bare handler answers; without one it has none.

    ``growth`` tells whether its median at 100,000 conversations is held to 1.5 times the one at
    10,000.
    """

    name: str
    calls: list[Call]
    shape: str | None = None
    growth: bool = True
    meaning: str = field(default="", compare=False)


def workloads(seeded: Seeded, middle: tuple[datetime, int]) -> list[Workload]:
    """Return all workloads, those that write last; ``middle`` is (last reply, id) half-way down."""
    rng = random.Random("bench requests")  # noqa: S311 - repeatable on purpose
    live = [
        FIRST_CONVERSATION + i
        for i in rng.sample(range(seeded.conversations), 3 * VARIANTS)
        if i % DELETED_EVERY != DELETED_EVERY - 1
    ]
    cursor = quote(Cursor("next", "-last_reply_at", middle).encode(), safe="")
    return [
        Workload("list", [Call("GET", BASE)], "list", meaning="the default inbox, 25 rows"),
        Workload(
            "get",
            [Call("GET", f"{BASE}/{id_}") for id_ in live[:VARIANTS]],
            "conversation",
            meaning="one conversation with its three threads",
        ),
        Workload(
            "search address",
            [_search(email) for email in rng.sample(seeded.emails, VARIANTS)],
            "list",
            meaning="a customer's whole address",
        ),
        Workload(
            "search rare word", [_search(RARE_WORD)], "list", meaning="a word of five subjects"
        ),
        Workload(
            "search common word",
            [_search(COMMON_WORD)],
            "list",
            growth=False,
            meaning="a word of every twelfth subject",
        ),
        Workload(
            "search two letters",
            [_search(SHORT_TERM)],
            "list",
            growth=False,
            meaning=f"{SHORT_TERM}, which most documents hold",
        ),
        Workload(
            "list filtered",
            [Call("GET", f"{BASE}?status=active&assigned_to=me")],
            "list",
            meaning="the caller's own active conversations",
        ),
        Workload(
            "list by cursor",
            [Call("GET", f"{BASE}?cursor={cursor}")],
            meaning="25 rows half-way down the inbox",
        ),
        Workload(
            "search by cursor",
            [Call("GET", f"{BASE}?search={COMMON_WORD}&cursor={cursor}")],
            meaning="the common word half-way down, without a total",
        ),
        Workload(
            "reply",
            [
                Call("POST", f"{BASE}/{id_}/reply", orjson.dumps({"body": "We are on it."}))
                for id_ in live[VARIANTS : 2 * VARIANTS]
            ],
            "thread",
            meaning="a reply that is read by the API",
        ),
        Workload(
            "create",
            [
                Call("POST", BASE, _opening(email, rng.choice(seeded.mailboxes)))
                for email in rng.sample(seeded.emails, VARIANTS)
            ],
            "conversation",
            meaning="a conversation of a known customer",
        ),
    ]


def _search(term: str) -> Call:
    return Call("GET", f"{BASE}?search={quote(term, safe='')}")


def _opening(email: str, mailbox: int) -> bytes:
    return orjson.dumps(
        {
            "mailbox_id": mailbox,
            "customer_email": email,
            "subject": "Parcel was left with a neighbour",
            "body": "The parcel never arrived. Could you look into it?",
            "channel": "api",
        }
    )

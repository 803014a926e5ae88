"""Blocks that are marked ``run`` are run, against what they speak of."""

from __future__ import annotations

import time
from typing import Any

import pytest

from support_core.webhooks import generate_secret, sign

from .pages import ROOT, Block, blocks, pages

SECRET = generate_secret()
BODY = b'{"type": "conversation.replied"}'


def marked(mark: str) -> list[Block]:
    return [block for page in pages() for block in blocks(page) if block.mark == mark]


def test_every_block_that_says_so_is_known_to_a_test() -> None:
    assert [block.name for block in marked("run")] == [
        "verify",
        "verify-by-hand",
        "receive",
        "contact-stream",  # tests/streams/test_plugins
    ]
    assert {block.page for block in marked("tour")} == {ROOT / "README.md"}


def run(name: str) -> dict[str, Any]:
    (block,) = [it for it in marked("run") if it.name == name]
    namespace: dict[str, Any] = {}
    exec(compile(block.text, str(block.page), "exec"), namespace)  # noqa: S102 - ours
    return namespace


@pytest.mark.parametrize(
    ("block", "function"), [("verify", "verified"), ("verify-by-hand", "verified_by_hand")]
)
def test_the_guides_code_believes_our_signature_and_no_other(block: str, function: str) -> None:
    verified = run(block)[function]
    headers = sign([SECRET], message_id="msg_1", timestamp=int(time.time()), body=BODY)
    old = sign([SECRET], message_id="msg_1", timestamp=int(time.time()) - 400, body=BODY)
    foreign = sign([generate_secret()], message_id="msg_1", timestamp=int(time.time()), body=BODY)
    assert verified(SECRET, headers, BODY) == {"type": "conversation.replied"}
    assert verified(SECRET, headers, BODY + b" ") is None
    assert verified(SECRET, old, BODY) is None
    assert verified(SECRET, foreign, BODY) is None


def test_the_guides_receiver_stores_each_event_once() -> None:
    module = run("receive")
    module["SECRETS"][:] = [generate_secret(), SECRET]
    headers = sign([SECRET], message_id="evt_1", timestamp=int(time.time()), body=BODY)
    stored: list[Any] = []
    assert module["receive"](headers, BODY, stored.append) == 204
    assert module["receive"](headers, BODY, stored.append) == 204
    assert module["receive"](headers, BODY + b" ", stored.append) == 400
    assert stored == [{"type": "conversation.replied"}]

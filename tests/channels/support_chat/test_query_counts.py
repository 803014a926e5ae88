"""How many statements the visitors' reads take, and that more messages take no more of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from support_core.testing import count_statements

if TYPE_CHECKING:
    from .visitor import Site, Visitor

#: Token and contact included.
STATEMENTS = {"history": 11, "stream": 9}


def taken(visitor: Visitor, call: str) -> int:
    values = {"conversation_id": visitor.conversation_id} if call == "history" else {}
    database = visitor.site.workspace.under_test.application.database
    assert visitor.get(call, **values).status_int == 200
    with count_statements(database) as statements:
        visitor.get(call, **values)
    return len(statements)


def test_reading_takes_the_statements_it_is_known_to_take(site: Site) -> None:
    visitor = site.visitor()
    first = visitor.upload("a.png", b"a").json["attachment"]["id"]
    visitor.start("Hello", attachment_ids=[first])
    assert {call: taken(visitor, call) for call in STATEMENTS} == STATEMENTS
    for number in range(30):
        file = visitor.upload("a.png", b"a").json["attachment"]["id"]
        visitor.say(f"{number}", attachment_ids=[file])
        visitor.reply(f"{number}")
        visitor.conversation()
    assert {call: taken(visitor, call) for call in STATEMENTS} == STATEMENTS

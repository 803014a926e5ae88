"""How many statements each way of reading takes, and that more rows take no more of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support_core.testing import count_statements
from tests.isolation.chatted import add_chat
from tests.isolation.hooked import add_attempt, add_delivery, add_replay, add_webhook
from tests.isolation.mailed import add_ingest
from tests.isolation.operations import operations, valid_call
from tests.isolation.texted import add_account, add_item, add_template
from tests.isolation.timed import add_service_levels
from tests.isolation.world import World, dead_job, make_full_desk, make_world

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support_core.rest import Operation
    from support_core.testing import DeskUnderTest
    from tests.services.databases import Databases

#: Statements of each GET, authentication and entitlement included. A new one is added here on
#: purpose; a number that grows needs a reason.
STATEMENTS = {
    "GET /attachments/{id}": 3,
    "GET /attachments/{id}/download": 3,
    "GET /audit": 4,
    "GET /auth/me": 1,
    "GET /business-hours": 4,
    "GET /business-hours/{id}": 3,
    "GET /channels": 6,
    "GET /conversations": 3,
    "GET /conversations/{id}": 7,
    "GET /conversations/{id}/presence": 4,
    "GET /conversations/{id}/reply-address": 5,
    "GET /conversations/{id}/threads": 8,
    "GET /customers": 4,
    "GET /customers/{id}": 3,
    "GET /customers/{id}/conversations": 4,
    "GET /customers/{id}/export": 6,
    "GET /entitlements": 9,
    "GET /events": 3,
    "GET /events/stream": 3,
    "GET /jobs": 4,
    "GET /jobs/summary": 9,
    "GET /jobs/{id}": 3,
    "GET /mailboxes": 6,
    "GET /mailboxes/{id}": 5,
    "GET /mailboxes/{id}/ingest": 5,
    "GET /mailboxes/{id}/ingest/{ingest_id}": 4,
    "GET /mailboxes/{id}/ingest/{ingest_id}/raw": 4,
    "GET /reports/conversations": 5,
    "GET /reports/conversations.csv": 5,
    "GET /reports/sla": 5,
    "GET /reports/sla.csv": 5,
    "GET /roles": 4,
    "GET /roles/{id}": 3,
    "GET /sla-policies": 4,
    "GET /sla-policies/{id}": 3,
    "GET /sla-recomputations": 4,
    "GET /sla-recomputations/{id}": 3,
    "GET /tokens": 4,
    "GET /users": 4,
    "GET /users/{id}": 4,
    "GET /webhooks": 4,
    "GET /webhooks/{id}": 3,
    "GET /webhooks/{id}/deliveries": 5,
    "GET /webhooks/{id}/deliveries/{delivery_id}": 5,
    "GET /webhooks/{id}/replays": 5,
    "GET /webhooks/{id}/replays/{replay_id}": 4,
    "GET /visitors": 5,
    "GET /widgets": 4,
    "GET /widgets/{id}": 3,
    "GET /whatsapp/accounts": 4,
    "GET /whatsapp/accounts/{id}": 3,
    "GET /whatsapp/accounts/{id}/ingest": 5,
    "GET /whatsapp/accounts/{id}/ingest/{ingest_id}": 4,
    "GET /whatsapp/accounts/{id}/templates": 5,
}

#: Statements that set PostgreSQL's planner for a count, and set it back.
MORE_ON_POSTGRESQL = {"GET /jobs/summary": 4}

ROWS = 30

LOGIN = {"imap_username": "desk", "imap_password": "secret"}


@pytest.fixture(scope="module")
def measured(
    databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[DeskUnderTest]:
    """An application of its own, so that nobody else's statements are counted."""
    under_test = make_full_desk(
        tmp_path_factory.mktemp("query-counts"), databases.create("query_counts")
    )
    yield under_test
    under_test.application.close()


@pytest.fixture(scope="module")
def reading(measured: DeskUnderTest) -> dict[str, Operation]:
    """Every GET of a caller's; the public ones are for whoever runs the desk."""
    found = operations(measured)
    return {name: it for name, it in found.items() if it.method == "GET" and not it.public}


def _count(desk: DeskUnderTest, operation: Operation, world: World) -> int:
    call = valid_call(operation, world)
    assert call.by(world.owner).status_int == 200  # fills caches, notes the token's use
    with count_statements(desk.application.database) as statements:
        call.by(world.owner)
    return len(statements)


def _grow(world: World) -> None:
    """Make about thirty of everything that a list, or a thing with parts, can show."""
    owner, path = world.owner, f"/conversations/{world.conversation}"
    for number in range(ROWS):
        customer = f"grown{number}@example.test"
        mailbox = world.workspace.mailbox(
            callback_url="https://example.com/replies", imap_host="localhost", **LOGIN
        )
        add_ingest(world.workspace, world.mailbox, number=number + 1)
        world.workspace.conversation(mailbox_id=mailbox, customer_email=customer)
        world.workspace.conversation(mailbox_id=mailbox, tags=["vip", f"tag{number}"])
        writer = world.workspace.client(user_id=world.workspace.member())
        upload = owner.upload("more.txt", b"more").json["data"]["id"]
        reply = {"body": "More", "attachment_ids": [upload]}
        assert writer.post(f"{path}/reply", reply).status_int == 201
        role = {"name": f"role-{number}", "permissions": []}
        assert owner.post("/roles", role).status_int == 201
        dead_job(world.workspace)
        add_service_levels(world.workspace)
        add_webhook(world.workspace)
        add_chat(world.workspace, world.mailbox)
        add_account(world.workspace, world.mailbox, number=f"more{number}")
        add_item(world.workspace, world.whatsapp_account, number=number + 1)
        add_template(world.workspace, world.whatsapp_account, number=number)
        with world.workspace.desk() as desk:
            add_delivery(desk, world.webhook, world.conversation, number=number + 1)
            add_attempt(desk, world.webhook_delivery, number=number + 3)
            add_replay(desk, world.webhook)


def test_every_way_of_reading_takes_the_statements_it_is_known_to_take(
    measured: DeskUnderTest, reading: dict[str, Operation]
) -> None:
    world = make_world(measured)
    taken = {name: _count(measured, operation, world) for name, operation in reading.items()}
    more = MORE_ON_POSTGRESQL if measured.application.database.dialect == "postgresql" else {}
    assert taken == {name: number + more.get(name, 0) for name, number in STATEMENTS.items()}


def test_more_rows_take_no_more_statements(
    measured: DeskUnderTest, reading: dict[str, Operation]
) -> None:
    world = make_world(measured)
    few = {name: _count(measured, operation, world) for name, operation in reading.items()}
    _grow(world)
    many = {name: _count(measured, operation, world) for name, operation in reading.items()}
    assert many == few
    lists = [valid_call(reading[name], world).by(world.owner).json for name in LISTS]
    assert all(len(shown["data"]) >= 25 for shown in lists)


LISTS = (
    "GET /audit",
    "GET /business-hours",
    "GET /conversations",
    "GET /conversations/{id}/threads",
    "GET /customers",
    "GET /customers/{id}/conversations",
    "GET /events",
    "GET /jobs",
    "GET /mailboxes",
    "GET /mailboxes/{id}/ingest",
    "GET /roles",
    "GET /sla-policies",
    "GET /sla-recomputations",
    "GET /tokens",
    "GET /users",
    "GET /visitors",
    "GET /webhooks",
    "GET /webhooks/{id}/deliveries",
    "GET /webhooks/{id}/replays",
    "GET /widgets",
    "GET /whatsapp/accounts",
    "GET /whatsapp/accounts/{id}/ingest",
    "GET /whatsapp/accounts/{id}/templates",
)

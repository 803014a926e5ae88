"""The demo workspace: lively, the same every time, and quiet towards the world."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import product
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from support_core.models import (
    PRIORITIES,
    STATUSES,
    Conversation,
    Customer,
    Delivery,
    Event,
    Job,
    Mailbox,
    Role,
    Thread,
    User,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from .conftest import Shell


def _told(shell: Shell, name: str) -> list[Any]:
    """Return what the conversations of a workspace are, without ids and times."""
    workspace = shell.json("workspace", "show", name)
    with shell.desk.application.desk(workspace["id"], write=False) as desk:
        rows = desk.session.execute(select(Conversation).order_by(Conversation.number)).scalars()
        return [(it.number, it.subject, it.status, it.channel, it.priority) for it in rows]


def test_every_channel_has_conversations_in_every_state(own_shell: Callable[..., Shell]) -> None:
    shell = own_shell()
    assert "Workspace" in shell.said("demo")
    workspace = shell.json("workspace", "show", "Demo")
    with shell.desk.application.desk(workspace["id"], write=False) as desk:

        def distinct(*columns: Any) -> set[Any]:
            return {tuple(row) for row in desk.session.execute(select(*columns).distinct())}

        channels = list(desk.plugins.channels)
        assert {"api", "probe"} <= set(channels)
        assigned = Conversation.assigned_to.is_not(None)
        found = distinct(Conversation.channel, Conversation.status, assigned)
        assert {(c, s, bool(a)) for c, s, a in found} == set(
            product(channels, STATUSES, (True, False))
        )
        assert distinct(Conversation.priority) == {(it,) for it in PRIORITIES}
        assert distinct(Thread.type) == {("customer",), ("message",), ("note",), ("lineitem",)}
        assert {("sent",), ("failed",), ("delivered",), ("read",)} <= distinct(Delivery.state)
        held = select(Role.name).join(User, User.role_id == Role.id).distinct()
        assert set(desk.session.execute(held).scalars()) == {"owner", "admin", "agent", "viewer"}
        for model, least in ((Mailbox, 2), (Customer, 10), (User, 6), (Conversation, 48)):
            number = desk.session.execute(select(func.count(model.id))).scalar_one()
            assert number >= least, model
        tags = desk.session.execute(select(Conversation.tags)).scalars()
        assert {tag for each in tags for tag in each} >= {"billing", "bug"}


def test_it_happened_in_order_over_the_last_weeks(own_shell: Callable[..., Shell]) -> None:
    shell = own_shell()
    shell.said("demo")
    workspace = shell.json("workspace", "show", "Demo")
    with shell.desk.application.desk(workspace["id"], write=False) as desk:
        opened = list(
            desk.session.execute(
                select(Conversation.created_at).order_by(Conversation.number)
            ).scalars()
        )
        events = list(desk.session.execute(select(Event.created_at).order_by(Event.id)).scalars())
    now = datetime.now(UTC)
    assert opened == sorted(opened)
    assert events == sorted(events)
    assert now - timedelta(days=29) < opened[0] < now - timedelta(days=20)
    assert now - timedelta(days=3) < opened[-1] <= now
    assert events[-1] <= now


def test_nothing_of_it_leaves_the_desk(own_shell: Callable[..., Shell]) -> None:
    shell = own_shell()
    shell.said("demo")
    with shell.desk.application.database.transaction(write=False) as session:
        assert session.execute(select(func.count(Job.id))).scalar_one() == 0


def test_it_tells_the_same_every_time(own_shell: Callable[..., Shell]) -> None:
    shell = own_shell()
    shell.said("demo", "--name", "First")
    shell.said("demo", "--name", "Second")
    assert _told(shell, "First") == _told(shell, "Second")


def test_if_empty_leaves_a_desk_alone_that_has_a_workspace(shell: Shell) -> None:
    shell.desk.workspace()
    before = shell.json("workspace", "list")
    assert "nothing was added" in shell.said("demo", "--if-empty")
    assert shell.json("workspace", "list") == before


def test_the_demo_shows_in_the_api_and_in_the_search(own_shell: Callable[..., Shell]) -> None:
    shell = own_shell()
    shell.said("demo")
    made = shell.json("bootstrap", "--workspace", "Demo", "--email", "olivia@demo.example")
    client = shell.desk.workspace().client()
    client.headers["Authorization"] = f"Bearer {made['token']}"
    listed = client.get("/conversations?status=closed&per_page=1").json
    assert listed["meta"]["total"] >= 12
    assert client.get("/conversations?search=invoice").json["meta"]["total"] >= 1
    shown = client.get(f"/conversations/{listed['data'][0]['id']}").json["data"]
    assert shown["threads"][0]["type"] == "customer"

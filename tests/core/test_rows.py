"""A row that is put is what one that is added and flushed is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from support_core.db import UnscopedQuery
from support_core.models import ConversationTag, Customer
from support_core.testing import count_statements

if TYPE_CHECKING:
    from typing import Any

    from support_core.testing import TestWorkspace


def _stored(workspace: TestWorkspace, id_: int) -> dict[str, Any]:
    with workspace.desk(write=False) as desk:
        found = desk.session.get_one(Customer, id_)
        columns = Customer.__table__.columns.keys()
        return {it: getattr(found, it) for it in columns if it not in {"id", "email"}}


def test_it_is_stored_with_its_defaults(workspace: TestWorkspace) -> None:
    moment = workspace.under_test.application.clock()
    ids = []
    for way in ("put", "flushed"):
        with workspace.desk() as desk:
            row = Customer(email=f"{way}@example.test", company="Acme", created_at=moment)
            row.updated_at = moment
            if way == "put":
                desk.session.put(row)
            else:
                desk.session.add(row)
                desk.session.flush()
            assert (row.attributes, row.workspace_id, row.phone) == ({}, workspace.id, None)
            ids.append(row.id)
    put, flushed = (_stored(workspace, it) for it in ids)
    assert put == flushed


def test_it_is_the_sessions_from_then_on(workspace: TestWorkspace) -> None:
    with workspace.desk() as desk:
        row = Customer(email="a@example.test")
        desk.session.put(row)
        assert desk.session.get(Customer, row.id) is row
        row.company = "Acme"
    assert _stored(workspace, row.id)["company"] == "Acme"


def test_it_takes_one_statement(workspace: TestWorkspace) -> None:
    with workspace.desk() as desk:
        desk.session.put(Customer(email="a@example.test"))
        with count_statements(workspace.under_test.application.database) as counted:
            row = Customer(email="b@example.test")
            desk.session.put(row)
            assert (row.company, row.attributes) == (None, {})
    assert len(counted) == 1


def test_a_row_whose_key_is_given_keeps_it(workspace: TestWorkspace) -> None:
    conversation = workspace.conversation()["id"]
    with workspace.desk() as desk:
        desk.session.put(ConversationTag(tag="vip", conversation_id=conversation))
        key = (workspace.id, "vip", conversation)
        assert desk.session.get_one(ConversationTag, key).tag == "vip"


def test_what_was_added_before_is_written_before(workspace: TestWorkspace) -> None:
    with workspace.desk() as desk:
        earlier, later = Customer(email="a@example.test"), Customer(email="b@example.test")
        desk.session.add(earlier)
        desk.session.put(later)
        assert earlier.id < later.id


def test_a_row_of_another_workspace_is_refused(
    workspace: TestWorkspace, other: TestWorkspace
) -> None:
    with workspace.desk() as desk, pytest.raises(UnscopedQuery):
        desk.session.put(Customer(workspace_id=other.id, email="a@example.test"))
    database = workspace.under_test.application.database
    with database.transaction() as session, pytest.raises(UnscopedQuery):
        session.put(Customer(email="a@example.test"))


def test_a_savepoint_takes_it_back(workspace: TestWorkspace) -> None:
    with workspace.desk() as desk:
        lost = Customer(email="lost@example.test")
        savepoint = desk.session.begin_nested()
        desk.session.put(lost)
        savepoint.rollback()
        assert lost not in desk.session
        kept = Customer(email="kept@example.test")  # SQLite gives it the id of the lost one
        desk.session.put(kept)
        assert desk.session.get(Customer, kept.id) is kept
    with workspace.desk(write=False) as desk:
        found = select(Customer.email).where(Customer.email.like("%@example.test"))
        assert list(desk.session.execute(found).scalars()) == ["kept@example.test"]


def test_a_row_that_the_database_refuses_is_not_tried_again(workspace: TestWorkspace) -> None:
    def twin() -> Customer:
        return Customer(email="a@example.test", email_key="a@example.test")

    with workspace.desk() as desk:
        desk.session.put(twin())
        refused = twin()

        def put_both() -> None:
            with desk.session.begin_nested():
                desk.session.put(Customer(email="goes-with-it@example.test"))
                desk.session.put(refused)

        with pytest.raises(IntegrityError):
            put_both()
        assert refused not in desk.session
        desk.session.put(Customer(email="b@example.test"))
        number = select(func.count(Customer.id)).where(Customer.email.like("%@example.test"))
        assert desk.session.execute(number).scalar_one() == 2

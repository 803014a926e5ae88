"""Every registered operation against everybody who may not call it, and every foreign id."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from support_core.schemas.fields import CommaSeparated, Id, ListOf
from support_core.security import GRANTABLE, Permission
from support_core.testing import Client, assert_error

from .operations import (
    PATHS,
    REFERENCES,
    NoRecipe,
    name_of,
    operations,
    owner_of,
    shown_by,
    valid_call,
)
from .world import logged_in, make_world, picture

if TYPE_CHECKING:
    from support_core.rest import Operation
    from support_core.testing import DeskUnderTest

    from .world import World

#: What anybody may call. A new public route stands here, or this file fails.
PUBLIC = {
    "GET /chat/attachments/{id}",
    "GET /chat/demo",
    "GET /chat/history",
    "GET /chat/stream",
    "GET /chat/widget.js",
    "POST /chat/attachments",
    "POST /chat/init",
    "POST /chat/message",
    "POST /chat/read",
    "POST /chat/start",
    "POST /chat/typing",
    "POST /chat/visit",
    "GET /docs",
    "GET /healthz",
    "GET /metrics",
    "GET /openapi.json",
    "GET /readyz",
    "POST /auth/login",
    # Meta proves who it is by itself.
    "GET /whatsapp/webhook/{id}",
    "POST /whatsapp/webhook/{id}",
}

#: What changes nothing, so that many calls can share a world.
READING = frozenset({"GET", "HEAD"})


@pytest.fixture(scope="session")
def every_operation(full_desk: DeskUnderTest) -> dict[str, Operation]:
    """All operations by name."""
    return operations(full_desk)


@pytest.fixture
def guarded(every_operation: dict[str, Operation]) -> dict[str, Operation]:
    """Those that not everybody may call."""
    return {name: it for name, it in every_operation.items() if not it.public}


def _refused(problems: list[str], name: str, answer: Any, status: int) -> None:
    if answer.status_int != status:
        problems.append(f"{name}: {answer.status_int} instead of {status}: {answer.text[:200]}")


def test_only_the_known_operations_are_public(every_operation: dict[str, Operation]) -> None:
    public = {name for name, it in every_operation.items() if it.public}
    assert public <= PUBLIC


def test_every_operation_succeeds_for_the_owner(
    full_desk: DeskUnderTest, every_operation: dict[str, Operation]
) -> None:
    # Without this the refusals below would prove nothing.
    problems: list[str] = []
    for_reading = make_world(full_desk)
    for name, operation in every_operation.items():
        world = for_reading if operation.method in READING else make_world(full_desk)
        answer = valid_call(operation, world).by(world.owner)
        _refused(problems, name, answer, operation.status)
    assert problems == []


def test_another_workspaces_id_in_a_path_is_not_found(
    full_desk: DeskUnderTest, guarded: dict[str, Operation], ours: World, theirs: World
) -> None:
    problems: list[str] = []
    tried = 0
    before = picture(full_desk.application.database)
    for name, operation in guarded.items():
        call = valid_call(operation, theirs)
        for parameter in call.parameters:
            foreign = getattr(ours, owner_of(call.pattern, parameter))
            answer = call.with_parameter(parameter, foreign).by(theirs.owner)
            _refused(problems, f"{name} {parameter}", answer, 404)
            if answer.status_int == 404 and answer.json["error"] != "not_found":
                problems.append(f"{name} {parameter}: {answer.text}")
            tried += 1
    assert problems == []
    assert tried > 30
    assert picture(full_desk.application.database) == before


def test_an_id_that_does_not_exist_answers_like_a_foreign_one(
    guarded: dict[str, Operation], ours: World, theirs: World
) -> None:
    different = []
    for name, operation in guarded.items():
        call = valid_call(operation, theirs)
        for parameter in call.parameters:
            foreign = getattr(ours, owner_of(call.pattern, parameter))
            answers = [
                call.with_parameter(parameter, id_).by(theirs.owner) for id_ in (foreign, 2**62)
            ]
            if answers[0].json != answers[1].json:
                different.append(name)
    assert different == []


def _references(schema: Any) -> dict[str, bool]:
    """Return the fields of a body that name rows, and whether each is a list."""
    found = {}
    for node in schema.children:
        if isinstance(node, Id):
            found[node.name] = False
        elif isinstance(node, ListOf) and any(isinstance(it, Id) for it in node.children):
            found[node.name] = True
    unknown = found.keys() - REFERENCES.keys()
    if unknown:
        raise NoRecipe(f"what do {sorted(unknown)} refer to? Add them to REFERENCES")
    return found


def test_another_workspaces_id_in_a_body_is_invalid(
    full_desk: DeskUnderTest, guarded: dict[str, Operation], ours: World, theirs: World
) -> None:
    problems: list[str] = []
    tried = set()
    before = picture(full_desk.application.database)
    for name, operation in guarded.items():
        schema = operation.body_schema(full_desk.application)
        for field, many in _references(schema).items() if schema is not None else ():
            foreign = getattr(ours, REFERENCES[field])
            call = valid_call(operation, theirs).with_field(field, [foreign] if many else foreign)
            answer = call.by(theirs.owner)
            _refused(problems, f"{name} {field}", answer, 422)
            wanted = {field: [f"The selected {field.replace('_', ' ')} is invalid."]}
            if answer.status_int == 422 and answer.json["errors"] != wanted:
                problems.append(f"{name} {field}: {answer.text}")
            tried.add((name, field))
    assert problems == []
    assert ("POST /conversations", "mailbox_id") in tried
    assert ("POST /conversations/{id}/reply", "attachment_ids") in tried
    assert ("POST /tokens", "user_id") in tried
    assert picture(full_desk.application.database) == before


def _filters(schema: Any) -> list[str]:
    names = [
        node.name
        for node in schema.children
        if isinstance(node, Id)
        or (isinstance(node, CommaSeparated) and any(isinstance(it, Id) for it in node.children))
    ]
    unknown = set(names) - REFERENCES.keys()
    if unknown:
        raise NoRecipe(f"what do {sorted(unknown)} refer to? Add them to REFERENCES")
    return names


def test_another_workspaces_id_in_a_filter_finds_nothing(
    full_desk: DeskUnderTest, guarded: dict[str, Operation], ours: World, theirs: World
) -> None:
    problems: list[str] = []
    tried = set()
    for name, operation in guarded.items():
        schema = operation.query_schema(full_desk.application)
        for field in _filters(schema) if schema is not None else ():
            call = valid_call(operation, theirs)
            path = call.pattern.format(**call.parameters)
            if PATHS.get(call.pattern):
                continue
            shown = shown_by(theirs, f"{path}?{field}={getattr(ours, REFERENCES[field])}")
            if shown:
                problems.append(f"{name} {field}: {shown}")
            tried.add((name, field))
    assert problems == []
    assert {field for name, field in tried if name == "GET /conversations"} == {
        "assigned_to",
        "customer_id",
        "mailbox_id",
    }


def test_another_workspaces_owner_reaches_and_changes_nothing(
    full_desk: DeskUnderTest, guarded: dict[str, Operation], ours: World
) -> None:
    stranger = make_world(full_desk)
    intruder = stranger.owner
    application = full_desk.application
    before = picture(application.database, workspace_id=ours.workspace.id)
    problems: list[str] = []
    for name, operation in guarded.items():
        call = valid_call(operation, ours)
        answer = call.by(intruder)
        if call.parameters:
            _refused(problems, name, answer, 404)
        elif operation.method == "GET":
            shown = shown_by(stranger, call.pattern)
            rows = shown if isinstance(shown, list) else [shown]
            if _ids(rows) & _ids_of(ours, name):
                problems.append(f"{name} shows the other workspace's rows")
        elif call.body and REFERENCES.keys() & call.body.keys():
            _refused(problems, name, answer, 422)
    assert problems == []
    assert picture(application.database, workspace_id=ours.workspace.id) == before


def _ids(rows: list[Any]) -> set[int]:
    return {row["id"] for row in rows if isinstance(row, dict) and "id" in row}


def _ids_of(world: World, name: str) -> set[int]:
    """Return the ids an owner sees in a list, unless they count per workspace."""
    if name.startswith("GET /events"):
        return set()
    shown = shown_by(world, name.partition(" ")[2])
    return _ids(shown) if isinstance(shown, list) else set()


def test_a_token_without_the_ability_is_forbidden(
    full_desk: DeskUnderTest, guarded: dict[str, Operation], ours: World
) -> None:
    clients = {
        missing: ours.workspace.client(abilities=[it for it in GRANTABLE if it != missing])
        for missing in GRANTABLE
    }
    for client in clients.values():
        client.get("/auth/me")  # notes that the token was used, once
    before = picture(full_desk.application.database)
    problems: list[str] = []
    for name, operation in guarded.items():
        if operation.permission is Permission.MEMBER:
            continue
        answer = valid_call(operation, ours).by(clients[str(operation.permission)])
        _refused(problems, name, answer, 403)
        if answer.status_int == 403:
            assert_error(answer, 403, "forbidden", permission=str(operation.permission))
    assert problems == []
    assert picture(full_desk.application.database) == before


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer sct_nobody-has-this-one"},
        {"Authorization": "Basic b3duZXI6b3duZXI="},
        {"Cookie": "support_session=nobody-has-this-one"},
    ],
    ids=["nothing", "an unknown token", "another scheme", "an unknown cookie"],
)
def test_nobody_is_unauthenticated(
    full_desk: DeskUnderTest,
    guarded: dict[str, Operation],
    ours: World,
    headers: dict[str, str],
) -> None:
    nobody = Client(full_desk.wsgi, headers)
    before = picture(full_desk.application.database)
    problems: list[str] = []
    for name, operation in guarded.items():
        answer = valid_call(operation, ours).by(nobody)
        _refused(problems, name, answer, 401)
        if answer.status_int == 401:
            assert_error(answer, 401, "unauthenticated", message="Unauthenticated.")
    assert problems == []
    assert picture(full_desk.application.database) == before


@pytest.mark.parametrize("token", ["", "0" * 64], ids=["none", "a wrong one"])
def test_a_login_without_its_csrf_token_cannot_change_anything(
    full_desk: DeskUnderTest, guarded: dict[str, Operation], ours: World, token: str
) -> None:
    client, _ = logged_in(ours)
    before = picture(full_desk.application.database)
    problems: list[str] = []
    for name, operation in guarded.items():
        if operation.method != "GET":
            answer = valid_call(operation, ours).by(client, **{"X-CSRF-Token": token})
            _refused(problems, name, answer, 403)
    assert problems == []
    assert picture(full_desk.application.database) == before


def test_a_login_with_its_csrf_token_can_do_everything(
    full_desk: DeskUnderTest, guarded: dict[str, Operation]
) -> None:
    problems: list[str] = []
    for_reading = make_world(full_desk)
    for name, operation in guarded.items():
        world = for_reading if operation.method in READING else make_world(full_desk)
        client, csrf = logged_in(world)
        answer = valid_call(operation, world).by(client, **{"X-CSRF-Token": csrf})
        _refused(problems, name, answer, operation.status)
    assert problems == []


def test_an_operation_names_itself_as_the_routes_do(every_operation: dict[str, Operation]) -> None:
    assert all(name == name_of(operation) for name, operation in every_operation.items())

"""An operation documents the errors it can give, and no others."""

from __future__ import annotations

from typing import Any

import pytest

from support_core.errors import Conflict, MessageDropped, SupportError, TooManyRequests
from support_core.openapi.refusals import refusals
from support_core.rest import DEFAULT_FEATURE, ID, Operation
from support_core.schemas.fields import Body, PageQuery
from support_core.security import Permission


def operation(method: str = "GET", path: str = "/things", **options: Any) -> Operation:
    given = {"permission": Permission.VIEW_CONVERSATIONS, "feature": DEFAULT_FEATURE, **options}
    return Operation(
        service="things",
        method=method,
        path=path,
        summary="Things",
        description="",
        tag="Things",
        **given,
    )


def codes(found: Operation) -> dict[int, list[str]]:
    return {status: [kind.code for kind in kinds] for status, kinds in refusals(found).items()}


PUBLIC: dict[str, Any] = {"permission": Permission.PUBLIC, "feature": None}


def test_a_public_read_can_hardly_be_refused() -> None:
    assert codes(operation(**PUBLIC)) == {406: ["not_acceptable"], 500: ["server_error"]}


def test_a_read_is_refused_for_who_the_caller_is() -> None:
    assert codes(operation()) == {
        400: ["workspace_required"],
        401: ["unauthenticated"],
        403: ["forbidden", "feature_not_available"],
        406: ["not_acceptable"],
        429: ["too_many_requests"],
        500: ["server_error"],
        503: ["unavailable"],
    }


def test_what_has_an_id_may_be_missing() -> None:
    assert 404 not in codes(operation())
    assert codes(operation(path=f"/things/{ID}"))[404] == ["not_found"]


def test_a_query_can_be_wrong() -> None:
    found = codes(operation(query=PageQuery()))
    assert found[400] == ["workspace_required", "invalid_request"]
    assert found[422] == ["invalid"]
    assert 415 not in found


@pytest.mark.parametrize("reads", [{"body": Body()}, {"request_media": "multipart/form-data"}])
def test_a_body_can_be_wrong_in_every_way(reads: dict[str, Any]) -> None:
    found = codes(operation("PUT", **reads))
    assert {400, 413, 415, 422} <= set(found)
    assert 409 not in found


def test_every_authenticated_post_may_meet_its_idempotency_key_again() -> None:
    assert codes(operation("POST"))[409] == ["conflict", "idempotency_conflict"]
    assert 409 not in codes(operation("POST", **PUBLIC))
    assert 409 not in codes(operation("PATCH"))


def test_only_a_precondition_can_fail() -> None:
    guard = (lambda _request: {}, lambda _desk, _id: None)
    assert 412 not in codes(operation("PUT"))
    assert codes(operation("PUT", precondition=guard))[412] == ["precondition_failed"]


def test_a_plan_limit_can_be_exceeded_where_one_is_declared() -> None:
    assert "limit_exceeded" in codes(operation("POST", limit="mailboxes"))[403]
    assert "limit_exceeded" not in codes(operation("POST"))[403]


def test_a_public_call_is_limited_only_where_it_says_so() -> None:
    assert 429 not in codes(operation("POST", **PUBLIC))
    assert codes(operation("POST", rate="chat-start", **PUBLIC))[429] == ["too_many_requests"]


def test_a_file_of_any_type_is_acceptable_to_everybody() -> None:
    assert 406 not in codes(operation(media="application/octet-stream"))


def test_what_a_view_raises_itself_is_added_once() -> None:
    found = codes(operation("POST", raises=(Conflict, MessageDropped)))
    assert found[409] == ["conflict", "idempotency_conflict"]
    assert found[422] == ["invalid", "message_dropped"]


def test_an_answer_of_another_shape_replaces_the_error_of_its_status() -> None:
    raised: tuple[type[SupportError], ...] = (TooManyRequests,)
    found = codes(operation(others={429: {"type": "object"}}, raises=raised, **PUBLIC))
    assert 429 not in found

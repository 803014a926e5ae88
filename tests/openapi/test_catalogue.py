"""The list of error codes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support_core.openapi.catalogue import ErrorCode, error_catalogue
from support_core.openapi.refusals import refusals

if TYPE_CHECKING:
    from support_core.rest import Operation
    from support_core.testing import DeskUnderTest


@pytest.fixture
def codes(desk: DeskUnderTest) -> dict[str, ErrorCode]:
    return {entry.code: entry for entry in error_catalogue(desk.application)}


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, "invalid_request"),
        (400, "workspace_required"),
        (401, "unauthenticated"),
        (403, "forbidden"),
        (403, "feature_not_available"),
        (403, "limit_exceeded"),
        (404, "not_found"),
        (405, "method_not_allowed"),
        (406, "not_acceptable"),
        (409, "conflict"),
        (409, "idempotency_conflict"),
        (412, "precondition_failed"),
        (413, "payload_too_large"),
        (415, "unsupported_media_type"),
        (429, "too_many_requests"),
        (500, "server_error"),
        (503, "unavailable"),
    ],
)
def test_the_contracts_codes_have_the_contracts_status(
    codes: dict[str, ErrorCode], status: int, code: str
) -> None:
    assert codes[code].status == status


def test_every_code_has_a_text_and_a_meaning(codes: dict[str, ErrorCode]) -> None:
    for entry in codes.values():
        assert entry.message, entry
        assert entry.meaning, entry
        assert "``" not in entry.meaning, entry


def test_a_failed_validation_has_no_code_in_its_body(codes: dict[str, ErrorCode]) -> None:
    assert [entry.code for entry in codes.values() if not entry.sent] == ["invalid"]


def test_every_error_that_an_operation_documents_is_listed(
    codes: dict[str, ErrorCode], operations: list[Operation]
) -> None:
    documented = {
        kind.code
        for operation in operations
        for kinds in refusals(operation).values()
        for kind in kinds
    }
    assert documented <= set(codes)

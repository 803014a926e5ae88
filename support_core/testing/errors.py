"""The one error body, asserted in one place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from webtest.response import TestResponse


def assert_error(response: TestResponse, status: int, code: str, **fields: Any) -> None:
    """Assert that ``response`` is this error, of our shape, with these further fields."""
    assert response.status_int == status, response.text  # noqa: S101 - this is for tests
    assert response.content_type == "application/json"  # noqa: S101
    body = response.json
    assert body["error"] == code, body  # noqa: S101
    assert isinstance(body["message"], str)  # noqa: S101
    assert body["message"]  # noqa: S101
    for name, value in fields.items():
        assert body[name] == value, body  # noqa: S101


def assert_invalid(response: TestResponse, **errors: str | list[str]) -> None:
    """Assert a 422 that names exactly these fields with these messages."""
    assert response.status_int == 422, response.text  # noqa: S101 - this is for tests
    wanted = {
        field: [messages] if isinstance(messages, str) else messages
        for field, messages in errors.items()
    }
    assert response.json == {  # noqa: S101
        "message": "The given data was invalid.",
        "errors": wanted,
    }, response.text

"""The one error body, asserted in one place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from webtest.response import TestResponse


def assert_error(response: TestResponse, status: int, code: str, **fields: Any) -> None:
    """Assert that ``response`` is this error, of our shape, with these further fields."""
    assert response.status_int == status, response.text
    assert response.content_type == "application/json"
    body = response.json
    assert body["error"] == code, body
    assert isinstance(body["message"], str)
    assert body["message"]
    for name, value in fields.items():
        assert body[name] == value, body


def assert_invalid(response: TestResponse, **errors: str | list[str]) -> None:
    """Assert a 422 that names exactly these fields with these messages."""
    assert response.status_int == 422, response.text
    wanted = {
        field: [messages] if isinstance(messages, str) else messages
        for field, messages in errors.items()
    }
    assert response.json == {
        "message": "The given data was invalid.",
        "errors": wanted,
    }, response.text

"""What plugins have to do with the document."""

from __future__ import annotations

from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest

from support_core.errors import SupportError
from support_core.openapi.document import build_document
from support_core.plugin_api import MailboxFields, fields, hookimpl
from support_core.testing import make_desk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support_core.testing import DeskUnderTest
    from tests.services.databases import Databases

MAILBOX = "#/components/schemas/Mailbox"
SHOWN_ONCE = "#/components/schemas/MailboxWithSecrets"


class TooFond(SupportError):
    """The guest does not want to leave."""

    status = 409
    code = "too_fond"


TooFond.__module__ = "guest_of_tests"


@hookimpl
def support_mailbox_schema() -> MailboxFields:
    return MailboxFields(
        nodes=(fields.String(name="motto", missing=fields.drop, nullable=True),),
        read=lambda _desk, _ids: {},
        write=lambda _desk, _id, _values: {},
        defaults={"motto": None},
        shown={"motto": {"type": ["string", "null"]}},
        shown_once={"motto_secret": {"type": "string"}},
    )


@hookimpl
def support_openapi(document: dict[str, Any]) -> None:
    document["info"]["contact"] = {"name": "The guest"}


@pytest.fixture(scope="module")
def hosting(
    databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[DeskUnderTest]:
    guest = ModuleType("guest_of_tests")
    guest.support_mailbox_schema = support_mailbox_schema  # type: ignore[attr-defined]
    guest.support_openapi = support_openapi  # type: ignore[attr-defined]
    made = make_desk(
        tmp_path_factory.mktemp("hosting"),
        databases.create("hosting"),
        plugins=(),
        extra={"guest": guest},
        support__ratelimit__enabled="true",
    )
    yield made
    made.application.close()


@pytest.fixture(scope="module")
def document(hosting: DeskUnderTest) -> dict[str, Any]:
    made: dict[str, Any] = hosting.registry.support_documentation.document
    return made


def data_of(document: dict[str, Any], path: str, method: str, status: str) -> Any:
    answer = document["paths"][f"/api/support{path}"][method]["responses"][status]
    return answer["content"]["application/json"]["schema"]["properties"]["data"]


def test_a_plugin_completes_the_document(document: dict[str, Any]) -> None:
    assert document["info"]["contact"] == {"name": "The guest"}


def test_a_plugins_mailbox_field_is_sent_and_shown(document: dict[str, Any]) -> None:
    mailbox = document["components"]["schemas"]["Mailbox"]
    assert mailbox["properties"]["motto"] == {"type": ["string", "null"]}
    assert "motto" in mailbox["required"]
    create = document["paths"]["/api/support/mailboxes"]["post"]
    body = create["requestBody"]["content"]["application/json"]["schema"]
    assert body["properties"]["motto"]["type"] == ["string", "null"]


def test_a_new_secret_is_shown_by_create_and_update_only(document: dict[str, Any]) -> None:
    assert data_of(document, "/mailboxes", "post", "201") == {"$ref": SHOWN_ONCE}
    assert data_of(document, "/mailboxes/{id}", "put", "200") == {"$ref": SHOWN_ONCE}
    assert data_of(document, "/mailboxes/{id}", "get", "200") == {"$ref": MAILBOX}
    schema = document["components"]["schemas"]["MailboxWithSecrets"]
    assert schema["allOf"][1]["properties"] == {"motto_secret": {"type": "string"}}


def test_building_again_does_not_pile_fields_up(
    hosting: DeskUnderTest, document: dict[str, Any]
) -> None:
    assert build_document(hosting.registry) == document


def test_a_plugins_errors_are_in_the_catalogue(document: dict[str, Any]) -> None:
    entry = next(it for it in document["x-error-codes"] if it["code"] == "too_fond")
    assert entry["status"] == 409
    assert entry["meaning"] == "The guest does not want to leave."


def test_another_applications_plugins_leave_no_trace(document: dict[str, Any]) -> None:
    assert "/api/support/mailboxes/{id}/callback-secret" not in document["paths"]


def test_the_limits_in_force_are_told(document: dict[str, Any]) -> None:
    assert document["x-rates"]["mailbox-creation"] == "10/minute"
    assert "60/minute in general" in document["info"]["description"]

"""``callback_url`` and ``callback_secret`` of a mailbox, from the first to the last."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import inspect, text
from standardwebhooks import Webhook, WebhookVerificationError

from support_core.testing import Client, assert_error, assert_invalid, make_desk, probe

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support_core.testing import DeskUnderTest, TestWorkspace
    from tests.services.databases import Databases
    from tests.services.receiver import Receiver

    from .conftest import Callback

NEW = {"name": "API", "email": "new@example.test", "callback_url": "https://example.com/hook"}


def _rows(desk: DeskUnderTest) -> Iterator[str]:
    with desk.application.database.engine.connect() as connection:
        for name in inspect(connection).get_table_names():
            for row in connection.execute(text(f"SELECT * FROM {name}")):  # noqa: S608
                yield repr(tuple(row))


def test_a_new_callbacks_secret_is_shown_once(workspace: TestWorkspace) -> None:
    made = workspace.owner.post("/mailboxes", NEW)
    secret = made.json["data"]["callback_secret"]
    assert made.json["data"]["callback_url"] == NEW["callback_url"]
    assert secret.startswith("whsec_")
    assert made.headers["Cache-Control"] == "no-store"

    path = f"/mailboxes/{made.json['data']['id']}"
    later = [
        workspace.owner.get(path),
        workspace.owner.get("/mailboxes"),
        workspace.owner.put(path, {"name": "Renamed"}),
        workspace.owner.put(path, {"callback_url": "https://example.com/elsewhere"}),
        workspace.owner.get("/audit"),
        workspace.owner.get("/events"),
    ]
    for answer in later:
        assert answer.status_int == 200
        assert secret not in answer.text


def test_without_a_callback_there_is_no_secret(workspace: TestWorkspace) -> None:
    made = workspace.owner.post("/mailboxes", {"name": "API", "email": "none@example.test"})
    assert made.json["data"]["callback_url"] is None
    assert "callback_secret" not in made.json["data"]


def test_the_secret_is_neither_in_the_database_nor_in_the_log(
    desk: DeskUnderTest, workspace: TestWorkspace, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        headers = {"Idempotency-Key": "twice"}
        made = workspace.owner.post("/mailboxes", NEW, headers=headers).json["data"]
        again = workspace.owner.post("/mailboxes", NEW, headers=headers).json["data"]
        conversation = workspace.conversation(mailbox_id=made["id"], channel="api")
        workspace.owner.post(f"/conversations/{conversation['id']}/reply", {"body": "Hi"})
        rotated = workspace.owner.post(f"/mailboxes/{made['id']}/callback-secret").json["data"]
    assert again == made  # the kept answer is encrypted, see below
    kept, logged = "\n".join(_rows(desk)), caplog.text
    assert "twice" in kept
    for secret in (made["callback_secret"], rotated["callback_secret"]):
        for part in (secret, secret.removeprefix("whsec_")):
            assert part not in kept
            assert part not in logged


def test_the_secret_stays_when_it_is_left_out(
    desk: DeskUnderTest, callback: Callback, receiver: Receiver
) -> None:
    path = f"/mailboxes/{callback.mailbox}"
    callback.owner.put(path, {"name": "Renamed", "callback_url": f"{receiver.url}/moved"})
    assert callback.owner.get(path).json["data"]["callback_url"] == f"{receiver.url}/moved"
    callback.reply()
    desk.run_jobs()
    [posted] = receiver.received
    assert posted.path == "/hook/moved"
    Webhook(callback.secret).verify(posted.body, posted.headers)


def test_what_is_shown_may_be_sent_back(callback: Callback, receiver: Receiver) -> None:
    path = f"/mailboxes/{callback.mailbox}"
    shown = callback.owner.get(path).json["data"]
    answer = callback.owner.put(path, {**shown, "callback_secret": "whsec_bWluZQ=="})
    assert answer.status_int == 200
    assert answer.json["data"]["callback_url"] == receiver.url
    assert "callback_secret" not in answer.json["data"]


def test_null_removes_the_callback_and_a_later_one_has_another_secret(
    callback: Callback, receiver: Receiver
) -> None:
    path = f"/mailboxes/{callback.mailbox}"
    removed = callback.owner.put(path, {"callback_url": None})
    assert removed.json["data"]["callback_url"] is None
    answer = callback.owner.post(f"{callback.path}/reply", {"body": "Read it here."})
    assert answer.json["data"]["delivery"]["state"] == "sent"

    again = callback.owner.put(path, {"callback_url": receiver.url}).json["data"]
    assert again["callback_secret"].startswith("whsec_")
    assert again["callback_secret"] != callback.secret


def test_a_replaced_secret_signs_from_then_on(
    desk: DeskUnderTest, callback: Callback, receiver: Receiver
) -> None:
    answer = callback.owner.post(f"/mailboxes/{callback.mailbox}/callback-secret")
    assert answer.json["message"] == "Callback secret replaced successfully"
    secret = answer.json["data"]["callback_secret"]
    callback.reply()
    desk.run_jobs()
    [posted] = receiver.received
    Webhook(secret).verify(posted.body, posted.headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(callback.secret).verify(posted.body, posted.headers)


def test_a_mailbox_without_callback_has_no_secret_to_replace(workspace: TestWorkspace) -> None:
    answer = workspace.owner.post(f"/mailboxes/{workspace.a_mailbox}/callback-secret")
    assert_error(answer, 404, "not_found")


@pytest.mark.parametrize(
    "url", ["nowhere", "ftp://example.com/x", "https://", "https://user:pass@example.com/", 7]
)
def test_a_callback_must_be_a_url(workspace: TestWorkspace, url: object) -> None:
    answer = workspace.owner.post("/mailboxes", {**NEW, "callback_url": url})
    assert answer.status_int == 422
    assert list(answer.json["errors"]) == ["callback_url"]


@pytest.fixture
def strict(databases: Databases, tmp_path: Path) -> Iterator[DeskUnderTest]:
    """An application that may reach public addresses only."""
    name = f"strict_{tmp_path.name.replace('-', '_')}"
    under_test = make_desk(
        tmp_path,
        databases.create(name.lower()[:60]),
        extra={"probe": probe},
        support__outgoing__allowed_networks="",
    )
    yield under_test
    under_test.application.close()


def test_a_private_address_is_refused_unless_the_configuration_allows_it(
    strict: DeskUnderTest,
) -> None:
    owner = strict.workspace().owner
    for host in (
        "127.0.0.1",
        "localhost",
        "10.1.2.3",
        "192.168.1.1",
        "169.254.169.254",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "2130706433",
        "0x7f.1",
    ):
        answer = owner.post("/mailboxes", {**NEW, "callback_url": f"http://{host}/hook"})
        assert answer.status_int == 422, host
        assert list(answer.json["errors"]) == ["callback_url"]
    assert owner.get("/mailboxes").json["data"] == []
    assert owner.post("/mailboxes", NEW).status_int == 201


def test_a_private_address_is_not_called_either(
    desk: DeskUnderTest, callback: Callback, receiver: Receiver, tmp_path: Path
) -> None:
    # Saved while it was allowed; delivered under a configuration that allows it no more.
    thread = callback.reply()
    later = make_desk(
        tmp_path,
        desk.application.database.url.render_as_string(hide_password=False),
        extra={"probe": probe},
        support__outgoing__allowed_networks="",
        support__keys_file=desk.application.settings["support.keys_file"],
    )
    later.run_jobs()
    later.application.close()
    assert receiver.received == []
    delivery = callback.delivery(thread)
    assert delivery["state"] == "pending"
    assert "may not be reached from here" in delivery["error"]


def test_a_member_who_may_not_manage_mailboxes_gets_no_secret(workspace: TestWorkspace) -> None:
    agent: Client = workspace.client(user_id=workspace.member("agent"))
    answer = agent.post(f"/mailboxes/{workspace.a_mailbox}/callback-secret")
    assert_error(answer, 403, "forbidden", permission="manage_mailboxes")


def test_only_the_url_can_be_wrong_about_a_callback(workspace: TestWorkspace) -> None:
    answer = workspace.owner.post("/mailboxes", {**NEW, "callback_urls": "x"})
    assert_invalid(answer, callback_urls="The callback urls field is prohibited.")

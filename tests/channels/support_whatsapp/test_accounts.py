"""Numbers: their secrets, their health, and how many a plan allows."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from support_core.testing import assert_invalid
from support_whatsapp.models import WhatsAppAccount

from .meta import a_line

if TYPE_CHECKING:
    from support_core.testing import DeskUnderTest, TestWorkspace
    from tests.services.graph import Graph


def test_accounts_keep_their_secrets_and_tell_their_health(
    workspace: TestWorkspace, graph: Graph
) -> None:
    line, owner = a_line(workspace, verify_token="hush"), workspace.owner
    path = f"/whatsapp/accounts/{line.id}"
    shown = owner.get(path).json["data"]
    assert shown["verify_token"] == "hush"
    assert shown["webhook_url"].endswith(f"/api/support/whatsapp/webhook/{line.id}")
    assert not {"access_token", "app_secret"} & shown.keys()
    workspace.under_test.run_jobs()
    health = owner.get(path).json["data"]["health"]
    assert (health["token_valid"], health["quality_rating"]) == (True, "GREEN")
    assert health["throughput"] == "STANDARD"
    graph.tokens = {"another"}
    answer = owner.post(f"{path}/test")
    assert (answer.status_int, answer.json["error"]) == (422, "whatsapp_connection_failed")
    assert owner.get(path).json["data"]["health"]["token_valid"] is False
    answer = owner.put(path, {"access_token": "another"})
    assert answer.status_int == 200, answer.text
    assert owner.post(f"{path}/test").json["message"] == "The token is valid for Acme."
    twin = {
        "mailbox_id": line.mailbox_id,
        "phone_number_id": line.number,
        "access_token": "t",
        "app_secret": "s",
    }
    assert_invalid(
        owner.post("/whatsapp/accounts", twin),
        phone_number_id="The phone number id has already been taken.",
    )
    with workspace.desk(write=False) as desk:
        row = desk.session.get_one(WhatsAppAccount, line.id)
        assert "another" not in row.access_token
        assert desk.keyring.decrypt(row.access_token) == "another"
    assert owner.delete(path).status_int == 200
    assert owner.get(path).status_int == 404


def test_the_plan_decides_about_numbers_and_how_many(workspace: TestWorkspace) -> None:
    with workspace.desk() as desk:
        desk.set_plan("starter")
    answer = workspace.owner.get("/whatsapp/accounts")
    assert (answer.status_int, answer.json["feature"]) == (403, "whatsapp")
    body = {"phone_number_id": "1", "access_token": "t", "app_secret": "s"}
    answer = workspace.owner.post("/whatsapp/accounts", {**body, "mailbox_id": 1})
    assert answer.status_int == 403


def test_a_limit_holds_however_many_ask_at_once(desk: DeskUnderTest) -> None:
    workspace = desk.workspace(plan="small")
    mailbox = workspace.mailbox()
    client = workspace.client()

    def create(number: int) -> int:
        body = {
            "mailbox_id": mailbox,
            "phone_number_id": str(number),
            "access_token": "t",
            "app_secret": "s",
        }
        return int(client.post("/whatsapp/accounts", body).status_int)

    with ThreadPoolExecutor(6) as threads:
        answers = sorted(threads.map(create, range(6)))
    assert answers == [201, 201, 403, 403, 403, 403]
    limits = client.get("/entitlements").json["data"]["limits"]
    assert limits["whatsapp_accounts"] == {"limit": 2, "used": 2}

"""What is answered has exactly the documented fields."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator

from tests.isolation.world import dead_job

if TYPE_CHECKING:
    from webtest.response import TestResponse

    from support_core.testing import TestWorkspace

Document = dict[str, Any]


def strict(value: Any, components: Document) -> Any:
    """Return a schema that refuses every property it does not declare, references replaced."""
    if isinstance(value, list):
        return [strict(item, components) for item in value]
    if not isinstance(value, dict):
        return value
    if "$ref" in value:
        _, _, kind, name = value["$ref"].split("/")
        return strict(components[kind][name], components)
    if "allOf" in value:
        return merged([strict(part, components) for part in value["allOf"]])
    closed = {key: strict(item, components) for key, item in value.items()}
    if "properties" in closed:
        closed.setdefault("additionalProperties", False)
    return closed


def merged(parts: list[Document]) -> Document:
    """Return one closed object out of the parts of an ``allOf``."""
    properties: Document = {}
    for part in parts:
        for name, schema in part["properties"].items():
            properties[name] = {**properties.get(name, {}), **schema}
    required = [name for part in parts for name in part.get("required", ())]
    return {
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }


class Contract:
    """Compares answers with the document."""

    def __init__(self, document: Document) -> None:
        self.paths = document["paths"]
        self.components = document["components"]

    def check(self, template: str, method: str, answer: TestResponse) -> TestResponse:
        operation = self.paths["/api/support" + template][method]
        documented = strict(operation["responses"][str(answer.status_int)], self.components)
        schema = documented["content"]["application/json"]["schema"]
        Draft202012Validator(schema).validate(answer.json)
        return answer


@pytest.fixture(scope="module")
def contract(document: Document) -> Contract:
    return Contract(document)


def test_conversations(contract: Contract, workspace: TestWorkspace) -> None:
    made = workspace.conversation(tags=["billing"], assigned_to=workspace.owner_id)
    client, one = workspace.owner, f"/conversations/{made['id']}"
    reply = client.post(f"{one}/reply", {"body": "Hello.", "cc": ["boss@example.test"]})
    contract.check("/conversations/{id}/reply", "post", reply)
    note = client.post(f"{one}/reply", {"body": "Careful.", "type": "note"})
    contract.check("/conversations/{id}/reply", "post", note)
    contract.check("/conversations/{id}", "get", client.get(one))
    contract.check("/conversations/{id}/threads", "get", client.get(f"{one}/threads"))
    contract.check("/conversations", "get", client.get("/conversations"))
    contract.check("/conversations", "get", client.get("/conversations?cursor="))
    closed = client.patch(f"{one}/status", {"status": "closed"})
    contract.check("/conversations/{id}/status", "patch", closed)
    unassigned = client.patch(f"{one}/assign", {"user_id": None})
    contract.check("/conversations/{id}/assign", "patch", unassigned)
    contract.check("/events", "get", client.get("/events"))
    contract.check("/conversations/{id}", "delete", client.delete(one))
    contract.check("/conversations/{id}/restore", "post", client.post(f"{one}/restore"))


def test_customers(contract: Contract, workspace: TestWorkspace) -> None:
    client = workspace.owner
    made = client.post("/customers", {"email": "c@example.test", "attributes": {"vip": True}})
    one = f"/customers/{contract.check('/customers', 'post', made).json['data']['id']}"
    workspace.conversation(customer_email="c@example.test")
    contract.check("/customers/{id}", "get", client.get(one))
    contract.check("/customers/{id}", "put", client.put(one, {"phone": "+1 555"}))
    contract.check("/customers", "get", client.get("/customers"))
    listed = client.get(f"{one}/conversations")
    contract.check("/customers/{id}/conversations", "get", listed)
    contract.check("/customers/{id}/export", "get", client.get(f"{one}/export"))
    contract.check("/customers/{id}", "delete", client.delete(one))
    other = client.post("/customers", {"email": "d@example.test"}).json["data"]["id"]
    erased = client.post(f"/customers/{other}/erase")
    contract.check("/customers/{id}/erase", "post", erased)


def test_mailboxes(contract: Contract, workspace: TestWorkspace) -> None:
    client = workspace.owner
    made = client.post("/mailboxes", {"name": "Sales", "email": "sales@example.test"})
    one = f"/mailboxes/{contract.check('/mailboxes', 'post', made).json['data']['id']}"
    contract.check("/mailboxes/{id}", "get", client.get(one))
    contract.check("/mailboxes/{id}", "put", client.put(one, {"is_active": False}))
    contract.check("/mailboxes", "get", client.get("/mailboxes"))
    contract.check("/mailboxes/{id}", "delete", client.delete(one))


def test_members_roles_and_tokens(contract: Contract, workspace: TestWorkspace) -> None:
    client = workspace.owner
    role = client.post("/roles", {"name": "night", "permissions": ["view_conversations"]})
    contract.check("/roles", "post", role)
    user = client.post("/users", {"email": "n@example.test", "name": "Nora", "role": "night"})
    contract.check("/users", "post", user)
    token = client.post("/tokens", {"name": "script"})
    contract.check("/tokens", "post", token)
    for path in ("/users", "/roles", "/tokens", "/audit", "/entitlements", "/channels"):
        contract.check(path, "get", client.get(path))
    contract.check("/auth/me", "get", client.get("/auth/me"))


def test_jobs(contract: Contract, workspace: TestWorkspace) -> None:
    client, dead = workspace.owner, dead_job(workspace)
    contract.check("/jobs", "get", client.get("/jobs"))
    contract.check("/jobs", "get", client.get("/jobs?cursor="))
    contract.check("/jobs/summary", "get", client.get("/jobs/summary"))
    contract.check("/jobs/{id}", "get", client.get(f"/jobs/{dead}"))
    contract.check("/jobs/{id}/retry", "post", client.post(f"/jobs/{dead}/retry"))
    contract.check("/jobs/{id}/retry", "post", client.post(f"/jobs/{dead}/retry"))  # 409
    contract.check("/jobs/{id}", "delete", client.delete(f"/jobs/{dead}"))
    contract.check("/jobs/{id}", "delete", client.delete(f"/jobs/{dead}"))  # 404
    for what in ("retry", "purge"):
        contract.check(f"/jobs/{what}", "post", client.post(f"/jobs/{what}", {}))
        contract.check(f"/jobs/{what}", "post", client.post(f"/jobs/{what}", {"ids": [dead]}))


def test_attachments(contract: Contract, workspace: TestWorkspace) -> None:
    made = contract.check("/attachments", "post", workspace.owner.upload("a.txt", b"hello"))
    shown = workspace.owner.get(f"/attachments/{made.json['data']['id']}")
    contract.check("/attachments/{id}", "get", shown)


def test_errors(contract: Contract, workspace: TestWorkspace) -> None:
    client = workspace.owner
    contract.check("/customers", "post", client.post("/customers", raw=b"{"))
    contract.check("/customers", "post", client.post("/customers", {}))
    contract.check("/customers/{id}", "get", client.get("/customers/999999"))
    viewer = workspace.client(abilities=["view_conversations"])
    contract.check("/customers", "post", viewer.post("/customers", {"email": "x@example.test"}))
    made = client.post("/customers", {"email": "y@example.test"}).json["data"]["id"]
    stale = client.put(f"/customers/{made}", {}, headers={"If-Match": '"stale"'})
    contract.check("/customers/{id}", "put", stale)
    refused = client.get("/customers", headers={"Accept": "text/html"})
    contract.check("/customers", "get", refused)


def test_operations(contract: Contract, workspace: TestWorkspace) -> None:
    for path in ("/healthz", "/readyz", "/openapi.json"):
        contract.check(path, "get", workspace.owner.get(path))

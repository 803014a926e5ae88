"""Plans: what ships, what the configuration changes, and what a workspace has beyond its plan."""

from __future__ import annotations

from itertools import count
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest

from support_core.plugin_api import ConfigurationError, Denial, hookimpl
from support_core.testing import (
    Client,
    DeskUnderTest,
    TestWorkspace,
    assert_error,
    make_desk,
    probe,
)
from support_plans.models import PlanOverride

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from support_core.plugin_api import WorkspaceRef
    from tests.services.databases import Databases

NUMBERS = count(1)


@pytest.fixture
def make(databases: Databases, tmp_path: Path) -> Iterator[Callable[..., DeskUnderTest]]:
    """Make applications with plans and further settings, each on a database of its own."""
    made: list[DeskUnderTest] = []

    def build(**options: Any) -> DeskUnderTest:
        number = next(NUMBERS)
        folder = tmp_path / str(number)
        folder.mkdir()
        options.setdefault("plugins", ("api", "plans"))
        extra = {"probe": probe, **options.pop("extra", {})}
        url = databases.create(f"plans_{number}")
        made.append(make_desk(folder, url, extra=extra, **options))
        return made[-1]

    yield build
    for under_test in made:
        under_test.application.close()


@pytest.fixture(scope="module")
def shipped(
    databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[DeskUnderTest]:
    """An application whose plans are those that ship."""
    url = databases.create("plans_shipped")
    under_test = make_desk(tmp_path_factory.mktemp("plans"), url, extra={"probe": probe})
    yield under_test
    under_test.application.close()


def _override(workspace: TestWorkspace, kind: str, name: str, amount: int | None) -> None:
    with workspace.desk() as desk:
        desk.session.add(PlanOverride(kind=kind, name=name, amount=amount))


def _no_feature(answer: Any, plan: str, feature: str = "api_access") -> None:
    assert answer.status_int == 403
    assert answer.json == {
        "error": "feature_not_available",
        "message": "Your plan does not include access to this feature.",
        "feature": feature,
        "current_plan": plan,
    }


def _over(answer: Any, resource: str, limit: int, plan: str) -> None:
    assert answer.status_int == 403
    assert answer.json == {
        "error": "limit_exceeded",
        "message": "You have reached your plan's limit for this resource.",
        "resource": resource,
        "limit": limit,
        "current_plan": plan,
    }


def test_free_has_no_access_by_the_api(shipped: DeskUnderTest) -> None:
    workspace = shipped.workspace(plan="free")
    for path in ("/conversations", "/mailboxes", "/customers", "/users", "/tokens", "/events"):
        _no_feature(workspace.owner.get(path), "free")
    _no_feature(workspace.owner.post("/mailboxes", {}), "free")
    for path in ("/entitlements", "/auth/me"):
        assert workspace.owner.get(path).status_int == 200


@pytest.mark.parametrize("plan", [None, "platinum"])
def test_a_workspace_without_a_known_plan_is_on_the_default_one(
    shipped: DeskUnderTest, plan: str | None
) -> None:
    _no_feature(shipped.workspace(plan=plan).owner.get("/conversations"), "free")


def test_starter_has_one_mailbox(shipped: DeskUnderTest) -> None:
    owner = shipped.workspace(plan="starter").owner
    assert owner.post("/mailboxes", {"name": "A", "email": "a@example.test"}).status_int == 201
    second = {"name": "B", "email": "b@example.test"}
    _over(owner.post("/mailboxes", second), "mailboxes", 1, "starter")

    first = owner.get("/mailboxes").json["data"][0]["id"]
    owner.delete(f"/mailboxes/{first}")
    assert owner.post("/mailboxes", second).status_int == 201


def test_starter_has_five_agents_the_owner_among_them(shipped: DeskUnderTest) -> None:
    owner = shipped.workspace(plan="starter").owner
    for number in range(4):
        body = {"email": f"u{number}@example.test", "name": "U"}
        assert owner.post("/users", body).status_int == 201
    _over(owner.post("/users", {"email": "u9@example.test", "name": "U"}), "agents", 5, "starter")


@pytest.mark.parametrize("plan", ["pro", "enterprise"])
def test_the_large_plans_have_everything_without_limit(shipped: DeskUnderTest, plan: str) -> None:
    workspace = shipped.workspace(plan=plan)
    for number in range(7):
        workspace.mailbox()
        body = {"email": f"u{number}@example.test", "name": "U"}
        assert workspace.owner.post("/users", body).status_int == 201
    shown = workspace.owner.get("/entitlements").json["data"]
    assert shown["plan"] == plan
    assert set(shown["features"].values()) == {True}
    assert {limit["limit"] for limit in shown["limits"].values()} == {None}


def test_entitlements_show_each_limit_with_its_use(shipped: DeskUnderTest) -> None:
    workspace = shipped.workspace(plan="starter")
    workspace.conversation()
    workspace.owner.upload("a.bin", b"x" * 1_500_000)
    shown = workspace.owner.get("/entitlements").json["data"]
    assert shown["plan"] == "starter"
    assert shown["features"]["api_access"] is True
    assert {name: shown["limits"][name] for name in USED} == USED


USED = {
    "agents": {"limit": 5, "used": 1},
    "conversations_per_month": {"limit": None, "used": 1},
    "mailboxes": {"limit": 1, "used": 1},
    "storage_mb": {"limit": 2000, "used": 2},
}


def test_storage_is_limited_in_megabytes(shipped: DeskUnderTest) -> None:
    workspace = shipped.workspace(plan="starter")
    _override(workspace, "limit", "storage_mb", 2)
    assert workspace.owner.upload("a.bin", b"x" * 1_000_000).status_int == 201
    assert workspace.owner.upload("b.bin", b"y" * 1_000_000).status_int == 201
    _over(workspace.owner.upload("c.bin", b"z" * 1_000_000), "storage_mb", 2, "starter")


def test_conversations_are_limited_by_the_month(shipped: DeskUnderTest) -> None:
    workspace = shipped.workspace(plan="starter")
    _override(workspace, "limit", "conversations_per_month", 2)
    body = {
        "mailbox_id": workspace.a_mailbox,
        "customer_email": "c@example.test",
        "subject": "Another",
        "body": "Hello",
        "channel": "probe",
    }
    assert workspace.owner.post("/conversations", body).status_int == 201
    assert workspace.owner.post("/conversations", body).status_int == 201
    answer = workspace.owner.post("/conversations", body)
    _over(answer, "conversations_per_month", 2, "starter")
    assert workspace.owner.get("/conversations").json["meta"]["total"] == 2


def test_a_refused_creation_writes_nothing(shipped: DeskUnderTest) -> None:
    workspace = shipped.workspace(plan="starter")
    _override(workspace, "limit", "mailboxes", 0)
    before = workspace.owner.get("/events").json["meta"]["next_after"]
    _over(
        workspace.owner.post("/mailboxes", {"name": "A", "email": "a@example.test"}),
        "mailboxes",
        0,
        "starter",
    )
    assert workspace.owner.get("/events").json["meta"]["next_after"] == before


def test_an_override_grants_and_takes_features(shipped: DeskUnderTest) -> None:
    free, pro = shipped.workspace(plan="free"), shipped.workspace(plan="pro")
    _override(free, "feature", "api_access", 1)
    _override(pro, "feature", "api_access", 0)
    assert free.owner.get("/conversations").status_int == 200
    _no_feature(pro.owner.get("/conversations"), "pro")
    assert free.owner.get("/entitlements").json["data"]["features"]["api_access"] is True
    assert pro.owner.get("/entitlements").json["data"]["features"]["api_access"] is False


def test_an_override_holds_with_the_next_request_in_every_process(
    shipped: DeskUnderTest, tmp_path: Path
) -> None:
    workspace = shipped.workspace(plan="free")
    url = shipped.application.database.url.render_as_string(hide_password=False)
    elsewhere = make_desk(tmp_path, url, extra={"probe": probe})
    client = Client(elsewhere.wsgi, workspace.owner.headers)
    _no_feature(client.get("/conversations"), "free")
    with workspace.desk() as desk:
        desk.session.add(PlanOverride(kind="feature", name="api_access", amount=1))
        desk.session.flush()
        assert desk.entitlements.denial("api_access") is None
    assert client.get("/conversations").status_int == 200
    with workspace.desk() as desk:
        desk.session.get_one(PlanOverride, (workspace.id, "feature", "api_access")).amount = 0
    _no_feature(client.get("/conversations"), "free")
    elsewhere.application.close()


def test_an_override_lifts_a_limit(shipped: DeskUnderTest) -> None:
    workspace = shipped.workspace(plan="starter")
    _override(workspace, "limit", "mailboxes", None)
    for number in range(3):
        body = {"name": "A", "email": f"a{number}@example.test"}
        assert workspace.owner.post("/mailboxes", body).status_int == 201
    shown = workspace.owner.get("/entitlements").json["data"]["limits"]["mailboxes"]
    assert shown == {"limit": None, "used": 3}


def test_the_configuration_changes_and_adds_plans(make: Callable[..., DeskUnderTest]) -> None:
    desk = make(
        support__plans__free__features="api_access chat_widget",
        support__plans__free__limits__mailboxes="2",
        support__plans__gold__features="*",
        support__plans__gold__limits__agents="1",
        support__plans__default="gold",
    )
    free = desk.workspace(plan="free")
    limits = free.owner.get("/entitlements").json["data"]["limits"]
    assert limits["mailboxes"]["limit"] == 2
    assert limits["agents"]["limit"] == 2  # as it ships
    unnamed = desk.workspace(plan=None)
    _over(
        unnamed.owner.post("/users", {"email": "u@example.test", "name": "U"}), "agents", 1, "gold"
    )


@pytest.mark.parametrize(
    ("setting", "value", "sentence"),
    [
        ("support__plans__default", "gold", "support.plans.default: 'gold' is no plan"),
        ("support__plans__free__limits__mailboxes", "many", "say a whole number, or unlimited"),
        ("support__plans__free__features_", "x", "support.plans.free.features_"),
    ],
)
def test_a_mistake_in_the_plans_stops_the_start(
    make: Callable[..., DeskUnderTest], setting: str, value: str, sentence: str
) -> None:
    with pytest.raises(ConfigurationError, match=sentence.replace(".", r"\.")):
        make(**{setting: value})


def _billing(plans: dict[int, str]) -> ModuleType:
    module = ModuleType("billing")

    @hookimpl
    def support_plan(workspace: WorkspaceRef) -> str | None:
        return plans.get(workspace.id)

    module.support_plan = support_plan  # type: ignore[attr-defined]
    return module


def test_a_hosts_billing_decides_before_what_is_stored(make: Callable[..., DeskUnderTest]) -> None:
    plans: dict[int, str] = {}
    desk = make(extra={"billing": _billing(plans)})
    workspace = desk.workspace(plan="free")
    _no_feature(workspace.owner.get("/conversations"), "free")
    plans[workspace.id] = "enterprise"
    assert workspace.owner.get("/conversations").status_int == 200
    assert workspace.owner.get("/entitlements").json["data"]["plan"] == "enterprise"
    plans[workspace.id] = "starter"
    workspace.mailbox()
    _over(
        workspace.owner.post("/mailboxes", {"name": "B", "email": "b@example.test"}),
        "mailboxes",
        1,
        "starter",
    )


def test_any_plugin_may_deny(make: Callable[..., DeskUnderTest]) -> None:
    module = ModuleType("strict")

    @hookimpl
    def support_check_feature(feature: str) -> Denial | None:
        return Denial(current_plan="trial over") if feature == "api_access" else None

    module.support_check_feature = support_check_feature  # type: ignore[attr-defined]
    owner = make(extra={"strict": module}).workspace(plan="pro").owner
    _no_feature(owner.get("/conversations"), "trial over")


def test_without_an_entitlement_plugin_everything_is_allowed_and_said_so(
    make: Callable[..., DeskUnderTest], capfd: pytest.CaptureFixture[str]
) -> None:
    desk = make(plugins=("api",))
    said = capfd.readouterr().err
    assert "no_entitlement_plugin" in said
    assert "add plans to support.plugins" in said
    workspace = desk.workspace(plan="free")
    for _ in range(3):
        workspace.mailbox()
    assert workspace.owner.get("/conversations").status_int == 200
    limits = workspace.owner.get("/entitlements").json["data"]["limits"]
    assert limits["mailboxes"] == {"limit": None, "used": 3}


def test_with_one_nothing_is_said(
    make: Callable[..., DeskUnderTest], capfd: pytest.CaptureFixture[str]
) -> None:
    make()
    assert "no_entitlement_plugin" not in capfd.readouterr().err


def test_permission_comes_before_the_plan(shipped: DeskUnderTest) -> None:
    workspace = shipped.workspace(plan="free")
    viewer = workspace.client(abilities=["view_conversations"])
    answer = viewer.post("/mailboxes", {})
    assert_error(answer, 403, "forbidden", permission="manage_mailboxes")

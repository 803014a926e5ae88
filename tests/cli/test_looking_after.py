"""Workspaces, users, tokens, jobs, routes, plugins."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select, update

from support_core.channels import Permanent
from support_core.models import Job
from support_core.services.maintenance import delete_blobs

if TYPE_CHECKING:
    from support_core.testing import TestWorkspace

    from .conftest import Shell


def test_a_workspace_is_created_listed_and_shown(shell: Shell, workspace: TestWorkspace) -> None:
    made = shell.json("workspace", "create", "Brightwater", "--plan", "starter")
    assert made["slug"].startswith("brightwater")
    assert made["id"] in [row["id"] for row in shell.json("workspace", "list")]
    workspace.conversation()
    shown = shell.json("workspace", "show", str(workspace.id))
    assert shown["conversations"] == {"active": 1}
    assert shown["entitlements"]["limits"]["mailboxes"]["used"] == 1
    assert workspace.slug in shell.said("workspace", "show", workspace.slug)


def test_a_workspace_that_does_not_exist_is_a_usage_error(shell: Shell) -> None:
    refused = shell("user", "list", "--workspace", "nosuch")
    assert refused.exit_code == 2
    assert "there is no workspace 'nosuch'" in refused.stderr


def test_a_member_is_created_given_a_password_and_deactivated(
    shell: Shell, workspace: TestWorkspace
) -> None:
    where = ("--workspace", workspace.slug)
    made = shell.json("user", "create", *where, "--email", "mei@acme.example", "--role", "viewer")
    assert (made["name"], made["role"], made["has_password"]) == ("mei", "viewer", False)

    secret = "correct horse battery"
    shell.said("user", "password", *where, "mei@acme.example", "--stdin", stdin=f"{secret}\n")
    login = workspace.owner.post("/auth/login", {"email": "mei@acme.example", "password": secret})
    assert login.status_int == 200

    shell.said("user", "deactivate", *where, "MEI@acme.example")
    rows = {row["email"]: row for row in shell.json("user", "list", *where)}
    assert rows["mei@acme.example"]["is_active"] is False
    login = workspace.owner.post("/auth/login", {"email": "mei@acme.example", "password": secret})
    assert login.status_int in {401, 422}


def test_a_password_is_asked_for_twice(shell: Shell, workspace: TestWorkspace) -> None:
    where = ("--workspace", workspace.slug)
    secret = "correct horse battery"
    result = shell("user", "password", *where, workspace.owner_email, stdin=f"{secret}\n{secret}\n")
    assert result.exit_code == 0, result.output
    assert secret not in result.output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("password", "owner", "--stdin"), "must be at least 12 characters"),
        (("deactivate", "owner"), "The last owner of a workspace cannot be removed."),
        (("password", "nobody@acme.example", "--stdin"), "there is no member"),
    ],
)
def test_what_the_api_refuses_the_command_line_refuses(
    shell: Shell, workspace: TestWorkspace, arguments: tuple[str, ...], message: str
) -> None:
    command, email, *flags = arguments
    address = workspace.owner_email if email == "owner" else email
    refused = shell(
        "user", command, "--workspace", workspace.slug, address, *flags, stdin="short\n"
    )
    assert refused.exit_code in {1, 2}
    assert message in refused.stderr


def test_a_token_is_created_works_is_listed_and_revoked(
    shell: Shell, workspace: TestWorkspace
) -> None:
    where = ("--workspace", workspace.slug)
    made = shell.json(
        *("token", "create", *where, "--email", workspace.owner_email, "--days", "3"),
        *("--ability", "view_conversations"),
    )
    client = workspace.client()
    client.headers["Authorization"] = f"Bearer {made['token']}"
    assert client.get("/conversations").status_int == 200
    assert client.post("/mailboxes", {"name": "x", "email": "x@a.example"}).status_int == 403

    rows = {row["id"]: row for row in shell.json("token", "list", *where)}
    assert rows[made["id"]]["abilities"] == ["view_conversations"]
    assert made["token"] not in shell.said("token", "list", *where)

    shell.said("token", "revoke", *where, str(made["id"]))
    assert client.get("/conversations").status_int == 401
    assert shell("token", "revoke", *where, str(made["id"])).exit_code == 1


@pytest.fixture
def dead_job(shell: Shell, workspace: TestWorkspace) -> int:
    """A job of the workspace that failed for good."""
    with workspace.desk() as desk:
        message_id = desk.enqueue(delete_blobs, f"{workspace.id}/00/{'0' * 64}")
        desk.session.execute(
            update(Job)
            .where(Job.message_id == message_id)
            .values(state="dead", last_error="It broke.", updated_at=datetime.now(UTC))
        )
        return desk.session.execute(select(Job.id).where(Job.message_id == message_id)).scalar_one()


def test_dead_jobs_are_listed_and_shown_with_their_error(
    shell: Shell, workspace: TestWorkspace, dead_job: int
) -> None:
    found = shell.json("jobs", "list", "--state", "dead", "--workspace", workspace.slug)
    assert [job["id"] for job in found["jobs"]] == [dead_job]
    assert found["counts"]["maintenance"]["dead"] >= 1
    assert shell.json("jobs", "show", str(dead_job))["last_error"] == "It broke."
    assert "It broke." in shell.said("jobs", "show", str(dead_job))


def test_a_dead_job_is_retried(shell: Shell, workspace: TestWorkspace, dead_job: int) -> None:
    assert "Queued 1" in shell.said("jobs", "retry", str(dead_job))
    assert shell.json("jobs", "show", str(dead_job))["state"] == "queued"
    shell.desk.run_jobs()
    gone = shell("jobs", "show", str(dead_job))
    assert gone.exit_code == 2
    assert "done ones are deleted" in gone.stderr


def test_dead_jobs_are_purged_by_age_and_workspace(
    shell: Shell, workspace: TestWorkspace, dead_job: int
) -> None:
    theirs = ("--all", "--workspace", workspace.slug)
    assert "Deleted 0" in shell.said("jobs", "purge", *theirs, "--days", "1")
    assert "Deleted 1" in shell.said("jobs", "purge", *theirs)


def test_nothing_is_retried_or_purged_by_accident(shell: Shell) -> None:
    for command in ("retry", "purge"):
        refused = shell("jobs", command)
        assert refused.exit_code == 2
        assert "say --all" in refused.stderr


def test_routes_are_listed_with_what_stands_before_them(shell: Shell) -> None:
    rows = {(row["method"], row["path"]): row for row in shell.json("routes")}
    assert rows["POST", "/api/support/mailboxes"] == {
        "method": "POST",
        "path": "/api/support/mailboxes",
        "permission": "manage_mailboxes",
        "feature": "api_access",
        "limit": "mailboxes",
        "rate": "mailbox-creation",
    }
    assert rows["GET", "/api/support/healthz"]["permission"] == "public"
    assert ("DELETE", "/api/support/conversations/{id}/threads/{thread_id}") in rows
    assert all(row["permission"] for row in rows.values())
    assert "manage_mailboxes" in shell.said("routes")


def test_installed_plugins_are_told_from_enabled_ones(shell: Shell) -> None:
    enabled = re.compile(r"^support\.plugins = .*", re.MULTILINE)
    shell.ini.write_text(enabled.sub("support.plugins = api", shell.ini.read_text()))
    rows = {row["name"]: row for row in shell.json("plugins")}
    assert (rows["api"]["enabled"], rows["api"]["channel"]) == (True, "api")
    assert rows["plans"]["enabled"] is False
    assert rows["plans"]["distribution"] == "support-core"


def test_a_failing_channel_shows_as_a_failed_delivery_and_no_dead_job(
    shell: Shell, workspace: TestWorkspace
) -> None:
    from support_core.testing import probe  # noqa: PLC0415

    conversation = workspace.conversation()
    probe.failures[conversation["id"]] = [Permanent("No such recipient.")]
    workspace.owner.post(f"/conversations/{conversation['id']}/reply", {"body": "Hello."})
    shell.desk.run_jobs()
    assert shell.json("jobs", "list", "--workspace", workspace.slug)["jobs"] == []

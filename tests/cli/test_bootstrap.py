"""From an ini to a working token."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.serving.processes import support_core, write_ini

if TYPE_CHECKING:
    from pathlib import Path

    from tests.services.databases import Databases

    from .conftest import Shell

ACME = ("--workspace", "Acme & Sons", "--email", "owner@acme.example")


@pytest.fixture
def nothing(databases: Databases, tmp_path: Path) -> Path:
    """An ini beside which nothing exists, on an empty database."""
    return write_ini(tmp_path, databases.create(f"nothing_{tmp_path.name[-20:]}"))


def test_it_creates_what_is_missing_and_prints_one_json_object(nothing: Path) -> None:
    done = support_core(nothing, "bootstrap", *ACME, "--plan", "starter", "--json")
    assert done.returncode == 0, done.stderr
    made = json.loads(done.stdout)
    assert list(made) == ["workspace", "user", "token"]
    assert made["workspace"] == {
        "id": made["workspace"]["id"],
        "name": "Acme & Sons",
        "slug": "acme-sons",
        "plan": "starter",
    }
    assert made["user"] == {
        "id": made["user"]["id"],
        "name": "owner",
        "email": "owner@acme.example",
    }
    assert (nothing.parent / "var" / "keys").is_file()

    again = support_core(nothing, "-v", "bootstrap", *ACME, "--json")
    made_again = json.loads(again.stdout)
    assert made_again["workspace"] == made["workspace"]
    assert made_again["user"] == made["user"]
    assert made_again["token"] != made["token"]
    assert "plugins_enabled" in again.stderr, "log lines go to stderr"


def test_each_token_works_from_then_on(shell: Shell) -> None:
    client = shell.desk.workspace().client()
    for _ in range(2):
        made = shell.json("bootstrap", *ACME, "--plan", "pro")
        client.headers["Authorization"] = f"Bearer {made['token']}"
        assert client.get("/auth/me").json["data"]["user"]["email"] == "owner@acme.example"


def test_a_plan_that_is_named_is_the_plan_from_then_on(shell: Shell) -> None:
    first = shell.json("bootstrap", "--workspace", "Moving", "--email", "o@a.example")
    assert first["workspace"]["plan"] is None
    shell.json("bootstrap", "--workspace", "moving", "--email", "o@a.example", "--plan", "pro")
    again = shell.json("bootstrap", "--workspace", "Moving", "--email", "o@a.example")
    assert again["workspace"] == {**first["workspace"], "plan": "pro"}


def test_a_name_that_looks_like_an_id_is_a_name(shell: Shell) -> None:
    existing = shell.desk.workspace()
    made = shell.json("bootstrap", "--workspace", str(existing.id), "--email", "o@a.example")
    assert made["workspace"]["id"] != existing.id


def test_without_json_it_is_for_reading(shell: Shell) -> None:
    said = shell.said("bootstrap", "--workspace", "Readable", "--email", "o@a.example")
    assert "Readable" in said
    assert "API token, shown only now: sct_" in said


def test_an_address_that_is_none_is_refused(shell: Shell) -> None:
    refused = shell("bootstrap", "--workspace", "Typo", "--email", "owner-at-acme")
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert "must be a valid email address" in refused.stderr


def test_a_plan_that_is_not_configured_is_warned_of(nothing: Path) -> None:
    done = support_core(nothing, "bootstrap", *ACME, "--plan", "gold", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["workspace"]["plan"] == "gold"
    assert "Warning: no plan gold is configured, so that free applies" in done.stderr

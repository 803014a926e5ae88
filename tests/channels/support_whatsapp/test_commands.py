"""``support-core whatsapp``: a customer played without Meta, and what failed replayed."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result

from support_core.testing import DeskUnderTest, make_desk
from support_whatsapp.commands import whatsapp
from tests.services.process import free_port

from .meta import a_line

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.services.databases import Databases
    from tests.services.graph import Graph

    from .meta import Line


def run(line: Line, *arguments: str) -> Result:
    command, *rest = arguments
    shell = line.workspace.under_test
    return CliRunner().invoke(whatsapp, [command, "--account", str(line.id), *rest], obj=shell)


def test_a_number_is_tried_out(line: Line, graph: Graph) -> None:
    assert run(line, "test").output == "The token is valid for Acme.\n"
    graph.tokens = {"another"}
    refused = run(line, "test")
    assert refused.exit_code == 1
    assert "Invalid OAuth access token (190)." in refused.output
    line.id += 10**6
    assert f"there is no account {line.id}" in run(line, "test").output


def test_the_ledger_is_shown_and_what_failed_is_replayed(line: Line) -> None:
    line.arrive(b"not json", line.customer().says("Hello"))
    listed = json.loads(run(line, "ledger", "--json").stdout)
    assert [it["state"] for it in listed] == ["handled", "failed"]
    told = run(line, "ledger", "--state", "failed").output
    assert "The webhook's body is not JSON." in told
    failed = str(listed[1]["id"])
    assert f"{failed}: handled" in run(line, "replay", "--all").output
    assert f"{failed}: handled already" in run(line, "replay", failed).output
    assert "Name ids, or say --all." in run(line, "replay").output


def test_texts_arrive_as_if_a_customer_had_sent_them(line: Line) -> None:
    assert run(line, "simulate", "--name", "Bo", "Hello", "Anybody?").output == "2 sent.\n"
    line.workspace.under_test.run_jobs()
    (conversation,) = line.conversations()
    assert conversation["customer"]["display_name"] == "Bo"
    assert [it["body"] for it in conversation["threads"]] == ["Hello", "Anybody?"]


@pytest.fixture
def simulated(databases: Databases, tmp_path: Path) -> Iterator[Line]:
    """A number on a desk whose Meta is to be played by the command."""
    desk: DeskUnderTest = make_desk(
        tmp_path,
        databases.create("whatsapp_simulated"),
        plugins=("whatsapp", "plans"),
        support__whatsapp__graph_url=f"http://127.0.0.1:{free_port()}",
    )
    yield a_line(desk.workspace())
    desk.application.close()


def test_a_customer_is_played_who_hears_what_agents_answer(
    simulated: Line, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    desk = simulated.workspace.under_test

    def typed() -> Iterator[str]:
        yield "Where is my order?\n"
        desk.run_jobs()
        (conversation,) = simulated.conversations()
        assert simulated.reply(conversation, body="On its way!").status_int == 201
        desk.run_jobs()
        yield "\n"

    monkeypatch.setattr(sys, "stdin", typed())
    arguments = ["simulate", "--account", str(simulated.id)]
    whatsapp.main(arguments, obj=desk, standalone_mode=False)
    assert "<< On its way!" in capsys.readouterr().out
    desk.run_jobs()
    (conversation,) = simulated.conversations()
    assert conversation["threads"][-1]["delivery"]["state"] == "read"
    path = f"/whatsapp/accounts/{simulated.id}/templates"
    listed = simulated.workspace.owner.get(path).json["data"]
    assert [it["name"] for it in listed] == ["order_update"]


def test_nobody_is_played_where_the_desk_talks_to_meta(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = line.workspace.under_test.application.settings
    real = type(settings).__getitem__

    def elsewhere(self: object, name: str) -> object:
        found = real(settings, name)
        return "https://graph.facebook.com" if name.endswith("graph_url") else found

    monkeypatch.setattr(type(settings), "__getitem__", elsewhere)
    refused = run(line, "simulate")
    assert refused.exit_code == 2
    assert "set it to an address on this machine" in refused.output

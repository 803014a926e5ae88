"""Running commands on the suite's application."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner, Result

from support_core.cli.host import Host
from support_core.cli.root import cli
from support_core.testing import make_desk, probe
from tests.serving.processes import write_ini

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from support_core.testing import DeskUnderTest
    from tests.services.databases import Databases


@dataclass
class Shell:
    """Runs ``support-core`` with an ini whose application is built already."""

    desk: DeskUnderTest
    ini: Path

    def __call__(self, *arguments: str, stdin: str | None = None) -> Result:
        host = Host(str(self.ini))
        host.__dict__["wsgi"] = self.desk.wsgi
        return CliRunner().invoke(cli, arguments, input=stdin, obj=host)

    def said(self, *arguments: str, stdin: str | None = None) -> str:
        """Run a command that succeeds and return what it printed."""
        result = self(*arguments, stdin=stdin)
        assert result.exit_code == 0, result.output
        return result.stdout

    def json(self, *arguments: str) -> Any:
        """Run a command with ``--json`` and return what it printed, parsed."""
        return json.loads(self.said(*arguments, "--json"))


@pytest.fixture
def shell(desk: DeskUnderTest, database_url: str, tmp_path: Path) -> Shell:
    """The command line on the suite's database."""
    return Shell(desk, write_ini(tmp_path, database_url))


@pytest.fixture
def own_shell(
    databases: Databases, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[Callable[..., Shell]]:
    """Make a command line on a database that nobody else uses."""
    made: list[DeskUnderTest] = []

    def make(plugins: tuple[str, ...] = ("api", "plans", "webhooks")) -> Shell:
        url = databases.create(f"cli_{abs(hash(request.node.nodeid))}_{len(made)}")
        ini = write_ini(tmp_path, url, {"support.keys_file": "%(here)s/keys"})
        made.append(make_desk(tmp_path, url, plugins=plugins, extra={"probe": probe}))
        return Shell(made[-1], ini)

    yield make
    for each in made:
        each.application.close()

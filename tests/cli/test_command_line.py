"""Finding the ini, help without one, plugins' commands, and mistakes in one sentence."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from support_core.cli.root import cli
from tests.packaging.layout import ROOT
from tests.serving.processes import BIN, support_core, write_ini

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import Shell

URL = "sqlite:///%(here)s/var/support.sqlite"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty current folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SUPPORT_CORE_INI", raising=False)
    return tmp_path


def test_help_needs_no_ini(folder: Path) -> None:
    answer = CliRunner().invoke(cli, ["--help"])
    assert answer.exit_code == 0
    assert "bootstrap" in answer.output
    assert CliRunner().invoke(cli, ["jobs", "retry", "--help"]).exit_code == 0


def test_without_an_ini_the_folder_and_the_option_are_named(folder: Path) -> None:
    answer = CliRunner().invoke(cli, ["migrate"])
    assert answer.exit_code == 2
    assert "development.ini, support.ini or production.ini" in answer.stderr
    assert "-c INI" in answer.stderr


def test_an_ini_that_is_not_there_is_named(folder: Path) -> None:
    answer = CliRunner().invoke(cli, ["-c", "nosuch.ini", "migrate"])
    assert (answer.exit_code, answer.stdout) == (2, "")
    assert "There is no file nosuch.ini" in answer.stderr


def test_an_ini_in_the_current_folder_is_found(folder: Path) -> None:
    write_ini(folder, URL)
    assert "plan" in CliRunner().invoke(cli, ["--help"]).output.split("Commands:")[1]
    assert CliRunner().invoke(cli, ["keys", "create"]).exit_code == 0
    assert (folder / "var" / "keys").is_file()


def test_development_ini_goes_before_production_ini(folder: Path) -> None:
    write_ini(folder, URL)
    (folder / "production.ini").write_text("[app:main]\n")
    assert CliRunner().invoke(cli, ["plugins"]).exit_code == 0


def test_the_environment_may_name_the_ini(folder: Path) -> None:
    (folder / "elsewhere").mkdir()
    ini = write_ini(folder / "elsewhere", URL)
    answer = CliRunner().invoke(cli, ["plugins"], env={"SUPPORT_CORE_INI": str(ini)})
    assert answer.exit_code == 0


def test_plugins_bring_their_commands_and_only_where_they_are_enabled(folder: Path) -> None:
    ini = write_ini(folder, URL)
    assert "grant" in CliRunner().invoke(cli, ["-c", str(ini), "plan", "--help"]).output
    ini = write_ini(folder, URL, {"support.plugins": "api"})
    answer = CliRunner().invoke(cli, ["-c", str(ini), "plan", "list"])
    assert answer.exit_code == 2
    assert "No such command 'plan'" in answer.stderr


def test_a_plugins_command_works_on_the_applications_database(shell: Shell) -> None:
    if "plans" not in shell.desk.application.plugins.modules:
        pytest.skip("the plugin plans is not enabled in this run")
    workspace = shell.desk.workspace(plan="free")
    said = shell.said("plan", "set", "--workspace", workspace.slug, "pro")
    assert "is on pro now" in said
    assert shell.json("workspace", "show", workspace.slug)["plan"] == "pro"


@pytest.mark.parametrize(
    ("before", "after", "sentence"),
    [
        ("support.plugins = ", "support.plugins = nosuch ", "names nosuch, which no inst"),
        ("support.workers = 4", "support.workers = many", "support.workers: 'many' cannot be"),
        ("support.workers = 4", "support.wrokers = 4", "Did you mean support.workers?"),
        ("egg:support-core\n", "egg:nosuch\n", "development.ini cannot be read"),
        ("[app:main]", "[app:other]", "development.ini cannot be read"),
        ("%(here)s/var/keys", "%(her)s/var/keys", "development.ini cannot be read"),
    ],
)
def test_a_mistake_in_the_ini_is_one_sentence_and_exit_2(
    folder: Path, before: str, after: str, sentence: str
) -> None:
    ini = write_ini(folder, URL)
    text = ini.read_text()
    assert before in text
    ini.write_text(text.replace(before, after, 1))
    done = support_core(ini, "migrate")
    assert (done.returncode, done.stdout) == (2, "")
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_an_unknown_server_option_is_named_with_the_known_ones(folder: Path) -> None:
    ini = write_ini(folder, URL)
    ini.write_text(ini.read_text().replace("threads = 4", "treads = 4", 1))
    done = support_core(ini, "serve")
    assert done.returncode == 2
    assert "[server:main] treads is not an option" in done.stderr
    assert "Traceback" not in done.stderr


def test_help_with_a_broken_ini_says_what_is_missing(folder: Path) -> None:
    ini = write_ini(folder, URL, {"support.plugins": "nosuch"})
    answer = CliRunner().invoke(cli, ["-c", str(ini), "--help"])
    assert answer.exit_code == 0
    assert "The plugins' commands are missing here" in answer.output


def test_an_empty_database_is_told_from_a_defect(folder: Path) -> None:
    ini = write_ini(folder, URL)
    assert support_core(ini, "keys", "create").returncode == 0
    done = support_core(ini, "workspace", "list")
    assert done.returncode == 1
    assert done.stderr == (
        "support-core: The database lacks tables of this version; run: support-core migrate.\n"
    )


def test_the_application_may_have_another_name_and_a_pipeline_around_it(folder: Path) -> None:
    ini = write_ini(folder, URL)
    text = ini.read_text().replace("[app:main]", "[app:desk]")
    ini.write_text(text + "\n[pipeline:main]\npipeline = desk\n")
    for name in (str(ini), f"{ini}#desk"):
        done = subprocess.run(
            [BIN / "support-core", "-c", name, "migrate"],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr


def test_the_command_line_starts_without_a_warning() -> None:
    environment = {**os.environ, "PYTHONWARNINGS": "default"}
    done = subprocess.run(
        [BIN / "support-core", "--version"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith("support-core ")
    assert "pkg_resources is deprecated as an API" not in done.stderr

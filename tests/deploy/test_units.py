"""The systemd units are valid, hardened, and stop as slowly as what they run may."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest

from support_core.cli.root import cli
from support_core.server_options import SERVER_OPTIONS
from tests.packaging.layout import ROOT
from tests.services import require_service

UNITS = sorted((ROOT / "deploy" / "systemd").glob("*.service"))
INSTALLED = "/opt/support-core/bin/"
BIN = Path(sys.executable).parent


def settings(unit: Path) -> dict[str, list[str]]:
    """Return what a unit sets, several times where it does."""
    found: dict[str, list[str]] = {}
    for line in unit.read_text().splitlines():
        if "=" in line and not line.startswith("#"):
            name, _, value = line.partition("=")
            found.setdefault(name, []).append(value)
    return found


def names(units: list[Path]) -> list[str]:
    return [unit.name for unit in units]


def test_every_process_of_the_documentation_has_a_unit() -> None:
    assert names(UNITS) == [
        "support-gateway.service",
        "support-migrate.service",
        "support-web@.service",
        "support-worker@.service",
    ]


def test_systemd_takes_them_and_finds_them_hardened(tmp_path: Path) -> None:
    program = shutil.which("systemd-analyze")
    if program is None:
        require_service("systemd", "systemd-analyze is missing: apt-get install systemd")
    made = []
    for unit in UNITS:
        path = tmp_path / unit.name.replace("@", "@1")
        path.write_text(unit.read_text().replace(INSTALLED, f"{BIN}/"))
        made.append(path)
    done = subprocess.run(
        [program, "verify", "--man=no", "--recursive-errors=no", *made],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    for path in made:
        judged = subprocess.run(
            [program, "security", "--offline=true", path],
            capture_output=True,
            text=True,
            check=False,
        ).stdout
        level = re.search(r"exposure level for \S+: ([\d.]+)", judged)
        assert level is not None, judged
        assert float(level[1]) < 2, judged


@pytest.mark.parametrize("unit", UNITS, ids=lambda it: it.name)
def test_what_they_run_exists_with_these_options(unit: Path) -> None:
    (command,) = settings(unit)["ExecStart"]
    words = shlex.split(re.sub(r"\$\{\w+\}", "1", command))
    program = BIN / words[0].removeprefix(INSTALLED)
    assert words[0].startswith(INSTALLED)
    assert program.exists()
    if program.name == "support-core":
        known = cli.get_command(click.Context(cli), words[3])
        assert known is not None
        options = {option for param in known.params for option in param.opts}
    else:
        shown = subprocess.run([program, "--help"], capture_output=True, text=True, check=True)
        options = set(re.findall(r"--[\w-]+", shown.stdout))
        environment = " ".join(settings(unit)["Environment"])
        for name in re.findall(r"GRANIAN_\w+", environment):
            assert name in shown.stdout
    assert {word for word in words[3:] if word.startswith("--")} <= options


def test_they_wait_for_what_runs_longer_than_it_may_run() -> None:
    declared = {it.name: it.default for it in SERVER_OPTIONS}
    grace = float(declared["shutdown_timeout"])
    by_name = {unit.name: settings(unit) for unit in UNITS}
    for name in ("support-web@.service", "support-worker@.service"):
        assert float(by_name[name]["TimeoutStopSec"][0]) > grace
        assert by_name[name]["KillMode"] == ["mixed"]
        assert by_name[name]["Restart"] == ["always"]
        assert int(by_name[name]["LimitNOFILE"][0]) >= 16384
    assert by_name["support-migrate.service"]["Type"] == ["oneshot"]
    assert "Restart" not in by_name["support-migrate.service"]

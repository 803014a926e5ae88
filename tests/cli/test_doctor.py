"""What the doctor finds, and what it says to do."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import update

from support_core.crypto import Keyring
from support_core.models import Job
from support_core.services.maintenance import delete_blobs
from tests.serving.processes import support_core, write_ini

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.services.databases import Databases

    from .conftest import Shell


def _checks(output: str) -> dict[str, dict[str, Any]]:
    return {check["name"]: check for check in json.loads(output)["checks"]}


def test_a_sound_desk_is_called_sound(own_shell: Callable[..., Shell]) -> None:
    shell = own_shell()
    answer = shell("doctor", "--json")
    assert answer.exit_code == 0, answer.output
    report = json.loads(answer.stdout)
    assert report["ok"] is True
    assert {"configuration", "database", "schema", "jobs", "keys", "clock", "blobs"} <= {
        check["name"] for check in report["checks"]
    }
    assert "database: " in shell.said("doctor")


def test_an_ini_that_cannot_be_used_is_a_finding(tmp_path: Path) -> None:
    ini = write_ini(tmp_path, "sqlite:///%(here)s/x.sqlite", {"support.workers": "many"})
    done = support_core(ini, "doctor", "--json")
    assert done.returncode == 1
    assert "support.workers: 'many'" in _checks(done.stdout)["configuration"]["message"]


def test_a_key_file_is_faulted_with_the_remedy_that_fits(tmp_path: Path) -> None:
    ini = write_ini(
        tmp_path, "sqlite:///%(here)s/x.sqlite", {"support.keys_file": "%(here)s/the-keys"}
    )
    keys = tmp_path / "the-keys"

    def fault() -> str:
        done = support_core(ini, "doctor", "--json")
        assert done.returncode == 1
        message: str = _checks(done.stdout)["configuration"]["message"]
        assert message.startswith("support.keys_file: ")
        return message

    assert fault().endswith("No such file or directory. support-core keys create makes it.")
    Keyring.create_file(keys)
    keys.chmod(0o644)
    assert fault().endswith("run chmod 600 on it.")
    keys.chmod(0o600)
    keys.write_text("junk\n")
    assert fault().endswith("Correct it, or restore it from your backup.")


def test_a_database_that_is_away_is_named_without_its_password(tmp_path: Path) -> None:
    url = "postgresql+psycopg://support:hunter2@127.0.0.1:9/support"
    ini = write_ini(tmp_path, url)
    assert support_core(ini, "keys", "create").returncode == 0
    done = support_core(ini, "doctor", "--json")
    assert done.returncode == 1
    check = _checks(done.stdout)["database"]
    assert (check["state"], "hunter2" in done.stdout + done.stderr) == ("failed", False)
    assert "start it, or correct sqlalchemy.url" in check["message"]
    assert "Traceback" not in done.stderr


def test_a_schema_that_is_behind_is_a_finding(databases: Databases, tmp_path: Path) -> None:
    ini = write_ini(tmp_path, databases.create("doctor_behind"))
    assert support_core(ini, "keys", "create").returncode == 0
    done = support_core(ini, "doctor", "--json")
    assert done.returncode == 1
    assert "run support-core migrate" in _checks(done.stdout)["schema"]["message"]


def test_jobs_that_wait_for_nobody_and_jobs_that_died_are_findings(
    own_shell: Callable[..., Shell],
) -> None:
    shell = own_shell()
    workspace = shell.desk.workspace()
    with workspace.desk() as desk:
        desk.enqueue(delete_blobs, f"{workspace.id}/00/none")
        desk.session.execute(update(Job).values(due_at=datetime.now(UTC) - timedelta(hours=1)))
    answer = shell("doctor", "--json")
    assert answer.exit_code == 1
    assert "support-core worker" in _checks(answer.stdout)["jobs"]["message"]

    with workspace.desk() as desk:
        desk.session.execute(update(Job).values(state="dead"))
    answer = shell("doctor", "--json")
    assert answer.exit_code == 0
    jobs = _checks(answer.stdout)["jobs"]
    assert (jobs["state"], "jobs list --state dead" in jobs["message"]) == ("warning", True)


def test_a_lost_key_is_a_finding(own_shell: Callable[..., Shell]) -> None:
    shell = own_shell()
    shell.desk.workspace().mailbox(callback_url="http://127.0.0.1/hook")
    keys = shell.ini.parent / "keys"
    keys.unlink()
    Keyring.create_file(keys)
    answer = shell("doctor", "--json")
    assert answer.exit_code == 1
    assert "cannot be read with any key in use" in _checks(answer.stdout)["keys"]["message"]


def test_a_folder_that_cannot_be_written_is_a_finding(own_shell: Callable[..., Shell]) -> None:
    shell = own_shell()
    shutil.rmtree(shell.desk.application.settings["support.blobs.path"])
    answer = shell("doctor", "--json")
    assert answer.exit_code == 1
    assert "support.blobs.path" in _checks(answer.stdout)["blobs"]["message"]


def test_a_clock_that_went_back_is_a_finding(own_shell: Callable[..., Shell]) -> None:
    shell = own_shell()
    shell.desk.workspace().conversation()
    application = shell.desk.application
    application.clock = lambda: datetime.now(UTC) - timedelta(days=400)
    answer = shell("doctor", "--json")
    assert answer.exit_code == 1
    assert "clock" in _checks(answer.stdout)["clock"]["message"]


def test_secrets_in_an_ini_that_everybody_reads_are_a_warning(
    own_shell: Callable[..., Shell],
) -> None:
    shell = own_shell()
    text = shell.ini.read_text()
    shell.ini.write_text(text.replace("support.metrics.token =", "support.metrics.token = s3cret"))
    shell.ini.chmod(0o644)
    answer = shell("doctor", "--json")
    configuration = _checks(answer.stdout)["configuration"]
    assert (answer.exit_code, configuration["state"]) == (0, "warning")
    assert "chmod 640" in configuration["message"]
    shell.ini.chmod(0o640)
    assert _checks(shell("doctor", "--json").stdout)["configuration"]["state"] == "ok"

"""Servers of the suite end with it, and a missing one never goes unnoticed in CI."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import psycopg
import pytest

from tests.services import require_service
from tests.services.postgres import Cluster, PostgresMissing, driver_url, find_programs
from tests.services.process import Account, Server, ServerDied, free_port

ROOT = Path(__file__).parents[2]
PATIENCE_SECONDS = 30


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def wait_until_gone(pid: int, *folders: Path) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while is_running(pid) or any(folder.exists() for folder in folders):
        assert time.monotonic() < deadline, f"process {pid} outlived its suite"
        time.sleep(0.05)


def watch(server: Server) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        server.check()
        time.sleep(0.02)


def start_elsewhere(statements: str) -> tuple[subprocess.Popen[str], list[str]]:
    """Run statements in another Python that then waits; return it and the words it printed."""
    program = f"{textwrap.dedent(statements)}\nimport time; time.sleep(600)"
    process = subprocess.Popen(
        [sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    return process, process.stdout.readline().split()


def kill(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGKILL)
    process.communicate()


def sleeping_server(account: Account) -> Server:
    folder = account.folder("support-harness-")
    return Server(["sleep", "600"], folder=folder, account=account)


def test_a_stopped_server_is_gone_with_its_folder():
    server = sleeping_server(Account())
    server.check()
    server.stop()
    wait_until_gone(server.pid, server.folder)
    server.stop()


def test_a_server_ends_when_the_suite_is_killed():
    suite, (pid, folder) = start_elsewhere("""
        from tests.harness.test_services import sleeping_server
        from tests.services.process import Account
        server = sleeping_server(Account())
        print(server.pid, server.folder, flush=True)
    """)
    assert is_running(int(pid))
    kill(suite)
    wait_until_gone(int(pid), Path(folder))


def test_a_server_that_ignores_its_stop_signal_is_ended_all_the_same():
    account = Account()
    deaf = ["sh", "-c", "trap '' TERM; echo ready > ready; while :; do sleep 0.1; done"]
    folder = account.folder("support-harness-")
    server = Server(deaf, folder=folder, account=account, grace=0.2)
    while not (server.folder / "ready").exists():
        server.check()
        time.sleep(0.02)
    server.stop()
    wait_until_gone(server.pid, server.folder)


def test_a_server_that_dies_leaves_its_last_words():
    account = Account()
    folder = account.folder("support-harness-")
    server = Server(["sh", "-c", "echo no room here; exit 3"], folder=folder, account=account)
    with pytest.raises(ServerDied, match="no room here"):
        watch(server)
    assert not folder.exists()


def test_a_command_that_does_not_exist_is_a_dead_server():
    account = Account()
    folder = account.folder("support-harness-")
    with pytest.raises(ServerDied, match="No such file"):
        Server(["support-no-such-program"], folder=folder, account=account)
    assert not folder.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to become somebody else")
def test_root_starts_servers_as_somebody_else():
    server = sleeping_server(Account.unprivileged("nobody"))
    try:
        assert Path(f"/proc/{server.pid}").stat().st_uid == server.folder.stat().st_uid != 0
    finally:
        server.stop()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to become somebody else")
def test_root_without_another_account_is_told_so():
    with pytest.raises(LookupError, match="support-nobody"):
        Account.unprivileged("support-nobody")


def test_a_cluster_listens_on_loopback_wants_its_password_and_ends_with_a_killed_suite():
    try:
        find_programs()
    except PostgresMissing as missing:
        require_service("postgresql", str(missing))
    suite, (pid, url) = start_elsewhere("""
        from tests.services.postgres import Cluster
        cluster = Cluster()
        print(cluster.pid, cluster.url, flush=True)
    """)
    try:
        address = driver_url(url)
        with psycopg.connect(address, autocommit=True) as connection:
            listens = connection.execute("SHOW listen_addresses").fetchone()
            folder = connection.execute("SHOW data_directory").fetchone()
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(address, password="wrong")
    finally:
        kill(suite)
    assert listens == ("127.0.0.1",)
    assert folder is not None
    wait_until_gone(int(pid), Path(folder[0]).parent)


def test_a_free_port_is_free():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", free_port()))


def test_missing_programs_are_reported_with_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("tests.services.postgres.DEBIAN_HOME", tmp_path)
    with pytest.raises(PostgresMissing, match="apt-get install postgresql"):
        Cluster()


def test_a_missing_service_skips_a_test_on_a_laptop(monkeypatch):
    monkeypatch.delenv("SUPPORT_REQUIRE_SERVICES", raising=False)
    with pytest.raises(pytest.skip.Exception, match="redis: not installed"):
        require_service("redis", "not installed")


def test_a_missing_service_fails_a_test_in_ci(monkeypatch):
    monkeypatch.setenv("SUPPORT_REQUIRE_SERVICES", "1")
    with pytest.raises(pytest.fail.Exception, match="redis: not installed"):
        require_service("redis", "not installed")


def test_a_server_that_is_kept_for_a_process_outlives_whoever_started_it():
    owner = subprocess.Popen(["sleep", "600"])
    worker, (pid, folder) = start_elsewhere(f"""
        from tests.services.process import Account, Server
        account = Account()
        folder = account.folder("support-harness-")
        server = Server(["sleep", "600"], folder=folder, account=account, keep_for={owner.pid})
        print(server.pid, folder, flush=True)
    """)
    kill(worker)
    time.sleep(0.5)
    assert is_running(int(pid))
    owner.kill()
    owner.wait()
    wait_until_gone(int(pid), Path(folder))


def test_a_killed_server_leaves_its_folder_for_the_next():
    server = sleeping_server(Account())
    server.kill()
    wait_until_gone(server.pid)
    assert server.folder.exists()
    server.stop()
    assert not server.folder.exists()

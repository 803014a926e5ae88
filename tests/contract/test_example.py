"""The example channel is a stranger's: installed by itself, found by its entry point."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.packaging.import_rules import Module, violations

if TYPE_CHECKING:
    from tests.services.databases import Databases

EXAMPLE = Path(__file__).parents[2] / "examples" / "channel-sms"
PLUGINS = frozenset({"sms_channel", "support_api", "support_plans"})


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The distribution, built and installed beside the core: its source, and where it went."""
    folder = tmp_path_factory.mktemp("example")
    source, target = folder / "source", folder / "target"
    shutil.copytree(EXAMPLE, source, ignore=shutil.ignore_patterns("__pycache__", ".*"))
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*pip, "--disable-pip-version-check", "--target", target, source], check=True)
    return source, target


def test_the_example_passes_its_own_tests_and_the_conformance_kit(
    installed: tuple[Path, Path], databases: Databases
) -> None:
    source, target = installed
    environment = {
        **os.environ,
        "PYTHONPATH": str(target),
        "SMS_TEST_DATABASE": databases.create(f"example_{os.getpid()}"),
    }
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests"],
        cwd=source,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert " passed" in run.stdout


def test_without_its_distribution_the_plugin_is_not_found_and_the_start_says_so() -> None:
    program = (
        "from support_core.plugins import load_plugins\n"
        "from support_core.settings import ConfigurationError\n"
        "try:\n"
        "    load_plugins(['sms'])\n"
        "except ConfigurationError as error:\n"
        "    print(error)\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert "names sms, which no installed distribution provides" in run.stdout


def test_the_example_imports_nothing_of_the_core_but_the_plugin_api() -> None:
    broken = []
    for path in sorted(EXAMPLE.rglob("*.py")):
        parts = path.relative_to(EXAMPLE).with_suffix("").parts
        is_test = parts[0] == "tests"
        is_package = parts[-1] == "__init__"
        name = ".".join(
            ("sms_channel", *parts) if is_test else (parts[:-1] if is_package else parts)
        )
        module = Module(name, path.read_text("utf-8"), is_package=is_package, is_test=is_test)
        broken += violations(module, PLUGINS)
    assert not broken, "\n".join(broken)

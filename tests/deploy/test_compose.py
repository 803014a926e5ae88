"""The compose file and its images, as far as they can be checked without Docker."""

from __future__ import annotations

import re
from typing import Any

import click
import yaml

from support_core.cli.root import cli
from tests.packaging.layout import ROOT, setup_cfg

FOLDER = ROOT / "deploy" / "compose"


def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((FOLDER / "compose.yaml").read_text())
    return found


def test_it_starts_every_part() -> None:
    services = compose()["services"]
    wanted = {"postgres", "redis", "rabbitmq", "migrate", "gateway", "nginx"}
    assert set(services) == wanted | {"web1", "web2", "worker1", "worker2"}
    for service in services.values():
        for name in service.get("depends_on", ()):
            assert name in services


def test_nothing_of_the_desk_starts_before_the_schema_is_there() -> None:
    services = compose()["services"]
    for name in ("web1", "web2", "worker1", "worker2", "gateway"):
        condition = services[name]["depends_on"]["migrate"]["condition"]
        assert condition == "service_completed_successfully"
    assert services["migrate"]["restart"] == "no"


def test_what_the_containers_run_exists() -> None:
    for service in compose()["services"].values():
        words = service.get("command", [])
        if words[:1] == ["support-core"]:
            command = cli.get_command(click.Context(cli), words[1])
            assert command is not None
            options = {option for param in command.params for option in param.opts}
            assert {word for word in words[2:] if word.startswith("--")} <= options


def test_passwords_are_not_in_it() -> None:
    text = (FOLDER / "compose.yaml").read_text()
    for line in text.splitlines():
        if re.search("PASS(WORD)?:", line):
            assert re.search(r"\$\{[A-Z]+_PASSWORD:\?", line), line


def test_every_named_volume_is_declared_and_every_declared_one_used() -> None:
    made = compose()
    used = {
        volume.partition(":")[0]
        for service in made["services"].values()
        for volume in service.get("volumes", ())
        if not volume.startswith(".")
    }
    assert used == set(made["volumes"])


def test_the_image_installs_what_the_package_offers() -> None:
    text = (FOLDER / "Dockerfile").read_text()
    (extra,) = re.findall(r"/src\[(\w+)\]", text)
    assert extra in setup_cfg()["options.extras_require"]
    stages = re.findall(r"^FROM (\S+)", text, re.MULTILINE)
    version = re.search(r"python:(\d+)\.(\d+)", stages[0])
    assert version is not None
    assert (int(version[1]), int(version[2])) >= (3, 11)
    assert len(set(stages)) == 1, "built and run on the same Python"
    assert re.search(r"^USER support-core$", text, re.MULTILINE)


def test_the_image_of_nginx_has_the_module() -> None:
    text = (FOLDER / "Dockerfile.nginx").read_text()
    services = (ROOT / ".ci" / "services").read_text()
    assert "nginx libnginx-mod-nchan" in text
    assert "nginx libnginx-mod-nchan" in services

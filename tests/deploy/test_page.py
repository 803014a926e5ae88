"""docs/deploying.md speaks of what exists, and of what the rehearsal does."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase

import pytest

from support_core.server_options import SERVER_OPTIONS
from tests.cli.test_inis import declared
from tests.packaging.layout import ROOT
from tests.rehearsal.installation import DOCUMENTED

PAGE = ROOT / "docs" / "deploying.md"
TEXT = PAGE.read_text("utf-8")
FILES = [PAGE, *sorted(path for path in (ROOT / "deploy").rglob("*") if path.is_file())]
SETTING = re.compile(r"(?<![\w/-])support\.[a-z_]+(?:\.[a-z0-9_-]+)*")
#: Names of modules and of files, which look like settings.
NO_SETTINGS = {"support.sqlite"}


@pytest.mark.parametrize("path", FILES, ids=lambda it: it.name)
def test_every_setting_that_is_named_exists(path: object) -> None:
    known = [setting.name for setting in declared()]
    named = set(SETTING.findall(path.read_text("utf-8"))) - NO_SETTINGS  # type: ignore[attr-defined]
    unknown = [name for name in named if not any(fnmatchcase(name, each) for each in known)]
    assert unknown == []


def test_the_lines_to_change_stand_in_production_ini_and_are_those_of_the_rehearsal() -> None:
    section = re.search(r"<!-- lines: many machines -->(.*?)<!-- end lines -->", TEXT, re.DOTALL)
    assert section is not None
    named = re.findall(r"^\| `([a-z_.]+)` \|", section[1], re.MULTILINE)
    assert set(named) == DOCUMENTED
    ini = (ROOT / "production.ini").read_text()
    for name in named:
        assert re.search(rf"^(?:# )?{re.escape(name)} =", ini, re.MULTILINE), name


def test_every_metric_that_is_named_is_measured() -> None:
    code = "".join(path.read_text() for path in (ROOT / "support_core").rglob("*.py"))
    named = set(re.findall(r"`(support_[a-z_]+)", TEXT))
    assert len(named) > 4
    for name in named:
        assert f'"{name.removesuffix("_count").removesuffix("_total")}"' in code, name


def test_every_file_that_is_named_exists() -> None:
    for name in re.findall(r"`(deploy/[\w./-]+)`", TEXT):
        made = name.startswith("deploy/compose/site")
        assert made or (ROOT / name).exists(), name
    for name in re.findall(r"`(streams-\w+\.conf|nchan\.conf|upstreams\.conf)`", TEXT):
        assert (ROOT / "deploy" / "nginx" / "support-core" / name).exists(), name
    units = {path.name for path in (ROOT / "deploy" / "systemd").glob("*.service")}
    for name in re.findall(r"\b(support-(?:web|worker|gateway|migrate)(?:@\w+)?)(?=[\s`])", TEXT):
        unit = re.sub("@.*", "@", name) + ".service"
        assert unit in units, name


def test_the_limits_that_are_told_twice_are_the_same() -> None:
    nchan = (ROOT / "deploy" / "nginx" / "support-core" / "nchan.conf").read_text()
    streams = (ROOT / "deploy" / "nginx" / "support-core" / "streams-nchan.conf").read_text()
    default = {setting.name: setting.default for setting in [*declared(), *SERVER_OPTIONS]}
    for text in (nchan, streams):
        assert f"nchan_message_buffer_length {default['support.nchan.buffer']};" in text
        assert f"nchan_message_timeout {default['support.nchan.hours']}h;" in text
    assert f"limit_conn support_streams {default['support.streams.per_caller']};" in streams
    assert f"= {default['support.nchan.location']} {{" in streams
    assert f"listen {default['support.nchan.url'].removeprefix('http://')};" in nchan

"""The inis that ship: every setting stands in both of them, explained."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase

import pytest

from support_core.plugins import load_plugins
from support_core.server_options import SERVER_OPTIONS, ServerOptions
from support_core.settings import CORE_SETTINGS, Setting
from tests.packaging.layout import ROOT, setup_cfg

INIS = ("development.ini", "production.ini")
LINE = re.compile(r"^#? ?(?P<name>(?:support\.|sqlalchemy\.)?[a-z_][\w.*-]*) =(?: .*)?$")


def shipped_plugins() -> list[str]:
    """Return the names of the plugins that this distribution brings."""
    points = setup_cfg()["options.entry_points"]["support_core.plugins"].strip().splitlines()
    return [line.partition("=")[0].strip() for line in points]


def declared() -> list[Setting]:
    """Return the settings of the core, of every shipped plugin, and of the server."""
    plugins = load_plugins(shipped_plugins())
    theirs = [
        setting
        for _, implementation in plugins.implementations("support_settings_schema")
        for setting in implementation()
    ]
    return [*CORE_SETTINGS, *theirs, *SERVER_OPTIONS]


@pytest.mark.parametrize("ini", INIS)
def test_an_ini_sets_nothing_of_a_plugin_so_that_each_can_be_taken_out(ini: str) -> None:
    core = {setting.name for setting in CORE_SETTINGS}
    lines = (ROOT / ini).read_text().splitlines()
    given = {line.partition(" =")[0] for line in lines if line.startswith("support.")}
    assert given - core == set()


def explained(ini: str) -> dict[str, str]:
    """Return the settings of an ini, set or commented out, with the comment above them."""
    found: dict[str, str] = {}
    comment: list[str] = []
    for line in (ROOT / ini).read_text().splitlines():
        setting = LINE.match(line)
        if setting:
            if comment or setting["name"] not in found:
                found[setting["name"]] = " ".join(comment)
            comment = []
        elif line.startswith("# ---") or not line.startswith("#"):
            comment = []
        else:
            comment.append(line.removeprefix("#").strip())
    return found


@pytest.mark.parametrize("ini", INIS)
def test_every_setting_stands_in_the_ini_with_a_line_that_explains_it(ini: str) -> None:
    lines = explained(ini)
    missing = [
        setting.name
        for setting in declared()
        if not any(fnmatchcase(name, setting.name) and lines[name] for name in lines)
    ]
    assert missing == []


@pytest.mark.parametrize("ini", INIS)
def test_every_line_of_an_ini_is_a_setting_that_exists(ini: str) -> None:
    known = [setting.name for setting in declared()] + ["use"]
    unknown = [
        name for name in explained(ini) if not any(fnmatchcase(name, each) for each in known)
    ]
    assert unknown == []


def test_the_port_stands_in_development_ini() -> None:
    text = (ROOT / "development.ini").read_text()
    assert "\nlisten = 127.0.0.1:6543\n" in text


def test_the_rate_limits_are_the_references() -> None:
    text = (ROOT / "development.ini").read_text()
    for setting in CORE_SETTINGS:
        if setting.kind == "rate":
            assert f"\n{setting.name} = {setting.default}\n" in text


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"listen": "6543"}, "'6543' is not host:port"),
        ({"listen": "localhost:70000"}, "is not host:port"),
        ({"trusted_proxies": "proxy.example"}, "does not appear to be an IPv4 or IPv6 network"),
        ({"threads": "0"}, "say a whole number above 0"),
    ],
)
def test_a_server_option_that_cannot_be_used_is_named(
    options: dict[str, str], sentence: str
) -> None:
    with pytest.raises(Exception, match=r"^\[server:main\] ") as refused:
        ServerOptions.parse(options)
    assert sentence in str(refused.value)


def test_several_addresses_can_be_listened_on() -> None:
    options = ServerOptions.parse({"listen": "127.0.0.1:0 localhost:0"})
    sockets = options.bind()
    assert len(sockets) == 2
    for each in sockets:
        each.close()

"""Settings: each mistake is one sentence with the setting's name and what to do."""

from __future__ import annotations

from typing import Any

import pytest

from support_core.settings import CORE_SETTINGS, ConfigurationError, Setting, Settings


def _refusal(**given: str) -> str:
    raw = {name.replace("__", "."): value for name, value in given.items()}
    with pytest.raises(ConfigurationError) as raised:
        Settings(raw, CORE_SETTINGS)
    return str(raised.value)


def test_every_default_can_be_used() -> None:
    settings = Settings({}, CORE_SETTINGS)
    for setting in CORE_SETTINGS:
        if "*" not in setting.name:
            settings[setting.name]


def test_every_setting_says_what_it_is_for() -> None:
    assert [it.name for it in CORE_SETTINGS if not it.doc.endswith(".")] == []


def test_an_unknown_setting_is_refused_with_the_nearest_one() -> None:
    assert _refusal(support__worker="4") == (
        "support.worker is not a setting of support-core or of an enabled plugin. "
        "Did you mean support.workers?"
    )


def test_a_setting_of_a_plugin_that_is_not_enabled_is_refused_with_the_way_out() -> None:
    assert _refusal(support__plans__default="free") == (
        "support.plans.default is not a setting of support-core or of an enabled plugin. "
        "Take it out, or enable the plugin it belongs to in support.plugins."
    )


def test_settings_of_others_are_left_alone() -> None:
    Settings({"pyramid.includes": "whatever", "supporter.x": "1"}, CORE_SETTINGS)


@pytest.mark.parametrize(
    ("name", "value", "hint"),
    [
        ("support__workers", "many", "say a whole number"),
        ("support__database__pool_size", "0", "say a whole number above 0"),
        ("support__jobs__lease", "0", "say a number of seconds above 0"),
        ("support__upload__max_bytes", "big", "say a size such as 500KiB or 25MiB"),
        ("support__ratelimit__enabled", "maybe", "say true or false"),
        ("support__ratelimit__general", "often", "say a rate such as 60/minute, or off"),
        ("support__log__level", "loud", "say one of: debug, info, warning, error"),
    ],
)
def test_an_unusable_value_says_what_is_expected(name: str, value: str, hint: str) -> None:
    assert _refusal(**{name: value}) == (
        f"{name.replace('__', '.')}: {value!r} cannot be used; {hint}."
    )


def test_a_secret_value_is_never_quoted() -> None:
    declared = [Setting("support.secret", "count", "1", "A secret number.", secret=True)]
    with pytest.raises(ConfigurationError, match=r"^support\.secret: its value cannot be used"):
        Settings({"support.secret": "hunter2"}, declared)


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("words", "a, b  c", ("a", "b", "c")),
        ("flag", "Yes", True),
        ("flag", "0", False),
        ("count0", "0", 0),
        ("seconds", "1.5", 1.5),
        ("bytes", "25 MiB", 25 << 20),
        ("rate", "60/minute", (60, 60)),
        ("rate", "OFF", None),
        ("limit", "unlimited", None),
        ("limit", "3", 3),
    ],
)
def test_a_value_is_read_with_its_kind(kind: str, text: str, value: Any) -> None:
    settings = Settings({"support.x": text}, [Setting("support.x", kind, text, "A test.")])
    assert settings["support.x"] == value


def test_a_family_has_any_number_of_members() -> None:
    declared = [Setting("support.plans.*.limits.*", "limit", "unlimited", "A limit.")]
    settings = Settings(
        {"support.plans.a.limits.x": "1", "support.plans.b.limits.x": "unlimited"}, declared
    )
    assert settings.family("support.plans.*") == {
        "support.plans.a.limits.x": 1,
        "support.plans.b.limits.x": None,
    }
    assert settings.get("support.plans.c.limits.x") is None

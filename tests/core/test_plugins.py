"""Loading plugins: every mistake stops the start with one sentence that names it and what to do."""

from __future__ import annotations

import re
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import inspect

from support_core import migrations
from support_core.channels import Channel
from support_core.conversation_fields import ConversationFields
from support_core.hookspecs import hookimpl
from support_core.mailbox_fields import CORE_FIELDS, MailboxFields
from support_core.models import Thread
from support_core.plugins import load_plugins
from support_core.schemas.fields import String
from support_core.schemas.mailboxes import MailboxBody
from support_core.settings import ConfigurationError, Setting
from support_core.testing import make_desk

if TYPE_CHECKING:
    from pathlib import Path

    from tests.services.databases import Databases


def plugin(**attributes: Any) -> ModuleType:
    """Return a plugin module; functions named after hooks become implementations."""
    module = ModuleType("stranger")
    for name, value in attributes.items():
        setattr(
            module,
            name,
            hookimpl(value) if name.startswith("support_") and callable(value) else value,
        )
    return module


def channel(name: str) -> ModuleType:
    """Return a plugin that is a channel."""
    return plugin(support_channel=lambda: Channel(name=name, label=name))


def fields(*names: str) -> ModuleType:
    """Return a plugin that adds text fields to mailboxes."""
    declared = MailboxFields(
        nodes=[String(name=name) for name in names],
        read=lambda _desk, _ids: {},
        write=lambda _desk, _id, _values: {},
        defaults={},
        shown={},
        shown_once={},
    )
    return plugin(support_mailbox_schema=lambda: declared)


def refusal(names: list[str], **extra: ModuleType) -> str:
    """Return the sentence with which these plugins are refused."""
    with pytest.raises(ConfigurationError) as raised:
        load_plugins(names, extra)
    sentence = str(raised.value)
    assert sentence.endswith(".")
    assert "\n" not in sentence
    return sentence


def test_an_unknown_name_lists_what_there_is() -> None:
    sentence = refusal(["carrier-pigeon"])
    assert "support.plugins names carrier-pigeon, which no installed distribution provides" in (
        sentence
    )
    assert re.search(r"Installed: .*api.*plans", sentence)


def test_a_name_given_twice() -> None:
    assert refusal(["api", "api"]) == "support.plugins names api twice; name it once."


def test_a_plugin_that_needs_another() -> None:
    assert refusal(["rules"], rules=plugin(requires=("tags",))) == (
        "The plugin rules needs the plugin tags; add tags to support.plugins."
    )


def test_what_a_plugin_needs_may_stand_after_it() -> None:
    load_plugins(["rules", "tags"], {"rules": plugin(requires=("tags",)), "tags": plugin()})


def test_a_plugin_for_another_contract() -> None:
    sentence = refusal(["late"], late=plugin(support_contract=2))
    assert (
        "The plugin late is written for plugin contract 2, this support-core speaks 1" in sentence
    )
    assert "install a matching version" in sentence


def test_a_misspelt_hook_lists_those_there_are() -> None:
    sentence = refusal(["typo"], typo=plugin(support_inbuond=lambda: None))
    assert sentence.startswith(
        "The plugin typo implements the hook support_inbuond, which does not exist. "
        "Did you mean support_inbound? Known hooks: support_after_commit, "
    )


def test_an_argument_that_the_hook_does_not_have() -> None:
    sentence = refusal(["typo"], typo=plugin(support_inbound=lambda mesage: mesage))
    assert "typo" in sentence
    assert "mesage" in sentence


def test_a_hook_without_its_decorator() -> None:
    module = ModuleType("bare")
    module.support_event = lambda event: event  # type: ignore[attr-defined]
    assert refusal(["bare"], bare=module) == (
        "The plugin bare defines support_event without @hookimpl, so that it would never be "
        "called; decorate it or rename it."
    )


def test_two_plugins_with_the_same_channel() -> None:
    assert refusal(["one", "two"], one=channel("fax"), two=channel("fax")) == (
        "The plugins one and two both provide the channel fax; take one of them out of "
        "support.plugins."
    )


def test_a_channel_that_is_none() -> None:
    sentence = refusal(["odd"], odd=plugin(support_channel=lambda: "fax"))
    assert sentence == "support_channel of the plugin odd returned no Channel; return one."


def test_two_plugins_with_the_same_mailbox_field() -> None:
    assert refusal(["one", "two"], one=fields("line", "area"), two=fields("area")) == (
        "The plugin two adds the mailbox field area, which one has already; take one of them out "
        "of support.plugins."
    )


def test_a_mailbox_field_that_the_core_has() -> None:
    sentence = refusal(["one"], one=fields("signature"))
    assert sentence.startswith(
        "The plugin one adds the mailbox field signature, which the core has already"
    )


def test_the_cores_mailbox_fields_are_those_of_its_body() -> None:
    own = {node.name for node in MailboxBody().children} | set(MailboxBody.read_only)
    assert set(CORE_FIELDS) == own


def test_a_setting_that_is_declared_twice(tmp_path: Path) -> None:
    setting = Setting("support.fax.line", "text", "", "The line.")
    twice = {name: plugin(support_settings_schema=lambda: [setting]) for name in ("one", "two")}
    with pytest.raises(ConfigurationError, match=r"support\.fax\.line"):
        make_desk(tmp_path, f"sqlite:///{tmp_path}/x.sqlite", plugins=(), extra=twice)


def _distribution(folder: Path, name: str, **points: str) -> None:
    info = folder / f"{name.replace('-', '_')}-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    lines = "".join(f"{key} = {value}\n" for key, value in points.items())
    (info / "entry_points.txt").write_text(f"[support_core.plugins]\n{lines}")


def test_a_plugin_that_cannot_be_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _distribution(tmp_path, "support-broken", broken="support_broken_plugin")
    (tmp_path / "support_broken_plugin.py").write_text("import no_such_library\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert refusal(["broken"]) == (
        "The plugin broken (support_broken_plugin) cannot be imported: No module named "
        "'no_such_library'; install what it needs or take it out of support.plugins."
    )


def test_a_name_that_two_distributions_provide(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _distribution(tmp_path, "support-fax-a", fax="support_fax_a")
    _distribution(tmp_path, "support-fax-b", fax="support_fax_b")
    monkeypatch.syspath_prepend(str(tmp_path))
    sentence = refusal(["fax"])
    assert "several distributions provide (support_fax_a, support_fax_b)" in sentence
    assert "uninstall all but one" in sentence


def test_installed_is_not_enabled(tmp_path: Path) -> None:
    loaded = load_plugins(["plans"])
    assert list(loaded.modules) == ["plans"]
    assert loaded.channels == {}


@pytest.mark.parametrize("order", [["one", "two", "three"], ["three", "one", "two"]])
def test_hooks_are_called_in_the_order_of_the_setting(order: list[str]) -> None:
    called: list[str] = []
    modules = {
        name: plugin(support_after_commit=lambda name=name: called.append(name))
        for name in ("one", "two", "three")
    }
    loaded = load_plugins(order, modules)
    loaded.hook.support_after_commit(event=None)
    assert called == order
    assert [name for name, _ in loaded.implementations("support_after_commit")] == order


def test_a_disabled_plugins_tables_stay_and_its_branch_stays_known(
    databases: Databases, tmp_path: Path
) -> None:
    url = databases.create("disabled_plugin")
    (tmp_path / "with").mkdir()
    (tmp_path / "without").mkdir()
    with_api = make_desk(tmp_path / "with", url, plugins=("api", "plans"))
    with_api.application.close()
    without = make_desk(tmp_path / "without", url, plugins=("plans",))
    database = without.application.database
    assert "api_callbacks" in inspect(database.engine).get_table_names()
    state = migrations.state(database, ["plans"])
    assert state.pending == []
    assert set(state.current) >= {"core", "api", "plans"}
    assert "api" not in state.wanted
    without.application.close()


def test_a_conversation_field_that_is_taken_stops_the_start() -> None:
    def adding(name: str) -> ModuleType:
        column = Thread.__table__.c.body
        fields = ConversationFields(Thread.__table__, {name: column}, {name: {"type": "string"}})
        return plugin(support_conversation_schema=lambda: fields)

    with pytest.raises(ConfigurationError, match=r"conversation field subject, which the core"):
        load_plugins(["one"], {"one": adding("subject")})
    twice = {"one": adding("mood"), "two": adding("mood")}
    with pytest.raises(ConfigurationError, match=r"two adds the conversation field mood.* one has"):
        load_plugins(["one", "two"], twice)
    assert load_plugins(["one"], {"one": adding("mood")}).conversation_fields[0].shown

"""Finding, checking and loading the enabled plugins; every mistake stops the start and says so."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any

import pluggy
import structlog

from . import hookspecs
from .channels import Channel
from .conversation_fields import CORE_FIELDS as CONVERSATION_FIELDS, ConversationFields
from .mailbox_fields import CORE_FIELDS
from .settings import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from types import ModuleType

    from pyramid.config import Configurator

    from .mailbox_fields import MailboxFields

log = structlog.get_logger(__name__)

ENTRY_POINT_GROUP = "support_core.plugins"

#: The version of the plugin contract; a plugin may say ``support_contract = 1``.
CONTRACT_VERSION = 1


@dataclass
class Plugins:
    """The enabled plugins of one application: their hooks and what they declared.

    ``hook`` calls all of them; :meth:`channel_hook` only a channel's own.
    """

    manager: pluggy.PluginManager
    modules: dict[str, ModuleType]
    channels: dict[str, Channel] = field(default_factory=dict)
    channel_plugins: dict[str, str] = field(default_factory=dict)
    mailbox_fields: list[MailboxFields] = field(default_factory=list)
    conversation_fields: tuple[ConversationFields, ...] = ()

    @property
    def hook(self) -> Any:
        """The hook relay of every enabled plugin."""
        return self.manager.hook

    @property
    def volatile_mailbox_fields(self) -> frozenset[str]:
        """The shown mailbox fields that change by themselves."""
        return frozenset(name for it in self.mailbox_fields for name in it.volatile)

    @property
    def volatile_conversation_fields(self) -> frozenset[str]:
        """Fields of conversations that change by themselves."""
        return frozenset(name for it in self.conversation_fields for name in it.volatile)

    def channel_hook(self, channel: str, hook: str, **arguments: Any) -> Any:
        """Call ``hook`` of the one plugin that is ``channel``; None where there is none."""
        owner = self.channel_plugins.get(channel)
        for name, implementation in self.implementations(hook):
            if name == owner:
                return implementation(**arguments)
        return None

    def implementations(self, hook: str) -> Iterator[tuple[str, Any]]:
        """Yield (plugin name, callable) in the order of ``support.plugins``.

        For hooks whose implementations are called one by one: chains, and those in which the
        failure of one must not keep the others from being called.
        """
        caller: pluggy.HookCaller = getattr(self.manager.hook, hook)
        for implementation in reversed(caller.get_hookimpls()):
            yield implementation.plugin_name, _accepting(implementation)

    def include(self, config: Configurator) -> None:
        """Run each plugin's ``includeme``."""
        for module in self.modules.values():
            if hasattr(module, "includeme"):
                config.include(module)


def _accepting(implementation: pluggy.HookImpl) -> Any:
    """Wrap an implementation so that it is given only the arguments it names."""

    def call(**arguments: Any) -> Any:
        return implementation.function(*(arguments[name] for name in implementation.argnames))

    return call


def load_plugins(names: Sequence[str], extra: Mapping[str, ModuleType] | None = None) -> Plugins:
    """Load the plugins of these names, in this order.

    ``extra`` are modules registered by name without an entry point (tests of plugins).
    Raises :class:`ConfigurationError` with what to do about it.
    """
    _refuse_repeats(names)
    manager = pluggy.PluginManager(hookspecs.PROJECT)
    manager.add_hookspecs(hookspecs)
    modules = {name: (extra or {}).get(name) or _find(name) for name in names}
    for name, module in modules.items():
        _check(name, module, names)
        # pluggy calls what was registered last first; we promise the order of the setting.
    for name in reversed(list(modules)):
        _register(manager, modules[name], name)
    _refuse_unknown_hooks(manager)
    plugins = Plugins(manager, modules)
    _collect_channels(plugins)
    _collect_mailbox_fields(plugins)
    _collect_conversation_fields(plugins)
    return plugins


def _refuse_repeats(names: Sequence[str]) -> None:
    for name in names:
        if names.count(name) > 1:
            raise ConfigurationError(f"support.plugins names {name} twice; name it once.")


def _find(name: str) -> ModuleType:
    found = [point for point in entry_points(group=ENTRY_POINT_GROUP) if point.name == name]
    if not found:
        installed = sorted({point.name for point in entry_points(group=ENTRY_POINT_GROUP)})
        raise ConfigurationError(
            f"support.plugins names {name}, which no installed distribution provides; "
            f"install it or take it out. Installed: {', '.join(installed) or 'none'}."
        )
    if len({point.value for point in found}) > 1:
        providers = ", ".join(sorted({point.value for point in found}))
        raise ConfigurationError(
            f"support.plugins names {name}, which several distributions provide ({providers}); "
            "uninstall all but one."
        )
    try:
        module: ModuleType = found[0].load()
    except ImportError as error:
        raise ConfigurationError(
            f"The plugin {name} ({found[0].value}) cannot be imported: {error}; "
            "install what it needs or take it out of support.plugins."
        ) from error
    return module


def _check(name: str, module: ModuleType, names: Sequence[str]) -> None:
    version = getattr(module, "support_contract", CONTRACT_VERSION)
    if version != CONTRACT_VERSION:
        raise ConfigurationError(
            f"The plugin {name} is written for plugin contract {version}, this support-core "
            f"speaks {CONTRACT_VERSION}; install a matching version of one of them."
        )
    for needed in getattr(module, "requires", ()):
        if needed not in names:
            raise ConfigurationError(
                f"The plugin {name} needs the plugin {needed}; add {needed} to support.plugins."
            )
    for attribute, value in vars(module).items():
        if (
            attribute.startswith("support_")
            and callable(value)
            and not hasattr(value, f"{hookspecs.PROJECT}_impl")
        ):
            raise ConfigurationError(
                f"The plugin {name} defines {attribute} without @hookimpl, so that it would never "
                "be called; decorate it or rename it."
            )


def _register(manager: pluggy.PluginManager, module: ModuleType, name: str) -> None:
    try:
        manager.register(module, name)
    except pluggy.PluginValidationError as error:
        reason = " ".join(str(error).split())
        raise ConfigurationError(
            f"A hook of the plugin {name} does not fit its contract: {reason}; "
            "see support_core/hookspecs.py for its arguments."
        ) from None


def _refuse_unknown_hooks(manager: pluggy.PluginManager) -> None:
    callers = {name: it for name, it in vars(manager.hook).items() if name.startswith("support_")}
    known = sorted(name for name, caller in callers.items() if caller.has_spec())
    for name, caller in callers.items():
        if name in known:
            continue
        plugin = caller.get_hookimpls()[0].plugin_name
        close = difflib.get_close_matches(name, known, n=1)
        hint = f" Did you mean {close[0]}?" if close else ""
        raise ConfigurationError(
            f"The plugin {plugin} implements the hook {name}, which does not exist.{hint} "
            f"Known hooks: {', '.join(known)}."
        )


def _collect_channels(plugins: Plugins) -> None:
    for name, implementation in plugins.implementations("support_channel"):
        channel = implementation()
        if not isinstance(channel, Channel):
            raise ConfigurationError(
                f"support_channel of the plugin {name} returned no Channel; return one."
            )
        if channel.name in plugins.channels:
            raise ConfigurationError(
                f"The plugins {plugins.channel_plugins[channel.name]} and {name} both provide the "
                f"channel {channel.name}; take one of them out of support.plugins."
            )
        plugins.channels[channel.name] = channel
        plugins.channel_plugins[channel.name] = name


def _collect_mailbox_fields(plugins: Plugins) -> None:
    owners = dict.fromkeys(CORE_FIELDS, "the core")
    for plugin, implementation in plugins.implementations("support_mailbox_schema"):
        declared = implementation()
        for field_name in (*(node.name for node in declared.nodes), *declared.shown):
            owner = owners.setdefault(field_name, plugin)
            if owner != plugin:
                raise ConfigurationError(
                    f"The plugin {plugin} adds the mailbox field {field_name}, which {owner} has "
                    "already; take one of them out of support.plugins."
                )
        plugins.mailbox_fields.append(declared)


def _collect_conversation_fields(plugins: Plugins) -> None:
    owners = dict.fromkeys(CONVERSATION_FIELDS, "the core")
    found: list[ConversationFields] = []
    for plugin, implementation in plugins.implementations("support_conversation_schema"):
        declared = implementation()
        for field_name in declared.shown:
            owner = owners.setdefault(field_name, plugin)
            if owner != plugin:
                raise ConfigurationError(
                    f"The plugin {plugin} adds the conversation field {field_name}, which {owner} "
                    "has already; take one of them out of support.plugins."
                )
        found.append(declared)
    plugins.conversation_fields = tuple(found)

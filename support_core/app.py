"""The application factory: ordered includes, nothing else."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import structlog
from pyramid.config import Configurator

from . import logs
from .after_commit import AfterCommit
from .application import Application, add_support_resource
from .blobs import open_store
from .bus import open_bus
from .crypto import KeyInvalid, Keyring
from .db import Database
from .follower_jobs import SCHEDULES as FOLLOWER_SCHEDULES
from .followers import Followers
from .jobs import JobEngine, Schedule
from .outgoing import OutgoingClient
from .outgoing_policy import OutgoingPolicy
from .plugins import Plugins, load_plugins
from .ratelimit import RateLimits
from .rest.request_class import bake
from .runner_host import RunnerHost
from .runners import collect as collect_runners
from .services import resources
from .services.maintenance import SCHEDULES
from .settings import CORE_SETTINGS, ConfigurationError, Settings
from .streams.audience import collect_audiences
from .streams.event_types import EventTypes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import ModuleType

    from pyramid.router import Router

log = structlog.get_logger(__name__)


def main(_global_config: Mapping[str, str] | None = None, **raw: str) -> Router:
    """Build the WSGI application of one ini file.

    Raises :class:`~support_core.settings.ConfigurationError` with one sentence that says what to
    do. The long-lived parts are ``app.registry.support``.
    """
    return build(raw).make_wsgi_app()


def _now() -> datetime:
    return datetime.now(UTC)


def build(
    raw: Mapping[str, Any],
    extra: Mapping[str, ModuleType] | None = None,
    *,
    clock: Callable[[], datetime] = _now,
) -> Configurator:
    """Return the configurator of an application.

    ``extra`` are plugins without entry point; ``clock`` tells the time in UTC, to jobs too.
    """
    application = assemble(raw, extra, clock=clock)
    config = Configurator(settings={**raw, **_PYRAMID})
    config.registry.support = application
    config.add_directive("add_support_resource", add_support_resource)
    config.include("pyramid_tm")
    config.include("cornice")
    config.include(".rendering")  # before anything that renders
    config.include(".security")
    config.include(".rest")  # gates, before any view is registered
    config.include(".jobs")  # collects jobs as the scans below find them
    config.include(".metrics")
    config.include(resources)
    config.scan("support_core.services")  # jobs
    config.scan("support_core.follower_jobs")
    config.include(".views")
    config.include(".openapi")
    application.plugins.include(config)  # after the core, so that plugins may build on it
    config.include(".errors")  # last: the views of what went wrong
    config.commit()
    bake(config)
    application.jobs = JobEngine.build(  # after the scans, which have found every job
        application,
        config.registry.support_jobs,
        schedules=[*SCHEDULES, *FOLLOWER_SCHEDULES, *_plugin_schedules(application.plugins)],
        metrics_registry=application.metrics,
    )
    application.jobs.runners = RunnerHost(application, collect_runners(application.plugins))
    return config


def _plugin_schedules(plugins: Plugins) -> list[Schedule]:
    return [
        schedule
        for _, implementation in plugins.implementations("support_schedule")
        for schedule in implementation()
    ]


def assemble(
    raw: Mapping[str, Any],
    extra: Mapping[str, ModuleType] | None = None,
    *,
    clock: Callable[[], datetime] = _now,
) -> Application:
    """Make the long-lived parts out of the configuration, without a web application around."""
    first = Settings(
        {"support.plugins": raw.get("support.plugins", "api plans webhooks")}, CORE_SETTINGS
    )
    plugins = load_plugins(first["support.plugins"], extra)
    declared = [
        setting
        for _, implementation in plugins.implementations("support_settings_schema")
        for setting in implementation()
    ]
    settings = Settings(raw, [*CORE_SETTINGS, *declared])
    logs.configure(settings)
    _say_what_is_off(plugins)
    database = Database(
        _required(settings, "sqlalchemy.url"),
        pool_size=settings["support.database.pool_size"],
        sqlite_synchronous=settings["support.sqlite.synchronous"],
    )
    return Application(
        settings=settings,
        plugins=plugins,
        database=database,
        keyring=_keyring(settings),
        blobs=open_store(settings),
        outgoing=OutgoingClient(
            _outgoing_policy(settings), timeout=settings["support.outgoing.timeout"]
        ),
        ratelimits=RateLimits(settings),
        bus=open_bus(settings, database),
        after_commit=AfterCommit(plugins),
        followers=Followers.collect(plugins),
        event_types=EventTypes.collect(plugins),
        audiences=collect_audiences(plugins),
        clock=clock,
    )


_PYRAMID = {
    "tm.manager_hook": "pyramid_tm.explicit_manager",
    "tm.commit_veto": "pyramid_tm.default_commit_veto",
    "tm.annotate_user": "false",
    "tm.activate_hook": "support_core.rest.requests.may_write",
    "handle_exceptions": "false",  # Cornice's own error views answer text/plain
}


def _required(settings: Settings, name: str) -> str:
    value: str = settings[name]
    if not value:
        raise ConfigurationError(f"{name} is not set; see development.ini for an example.")
    return value


def _keyring(settings: Settings) -> Keyring:
    name = "support.keys" if settings["support.keys"] else "support.keys_file"
    try:
        if settings["support.keys"]:
            return Keyring.from_keys(list(settings["support.keys"]))
        return Keyring.from_file(Path(_required(settings, name)))
    except KeyInvalid as error:
        missing = isinstance(error.__cause__, FileNotFoundError)
        remedy = " support-core keys create makes it." if missing else ""
        raise ConfigurationError(f"{name}: {error}{remedy}") from None


def _outgoing_policy(settings: Settings) -> OutgoingPolicy:
    networks = " ".join(settings["support.outgoing.allowed_networks"])
    try:
        return OutgoingPolicy.parse(networks)
    except ValueError as error:
        raise ConfigurationError(f"support.outgoing.allowed_networks: {error}.") from None


def _say_what_is_off(plugins: Plugins) -> None:
    log.info("plugins_enabled", plugins=list(plugins.modules), channels=list(plugins.channels))
    if next(plugins.implementations("support_check_feature"), None) is None:
        log.warning(
            "no_entitlement_plugin",
            consequence="every feature is allowed and nothing is limited",
            remedy="add plans to support.plugins to enforce plans",
        )

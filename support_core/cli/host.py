"""The host: one ini, and what the commands make of it."""

from __future__ import annotations

import logging
from configparser import Error as IniError, RawConfigParser
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from typing import TYPE_CHECKING, Any

from paste.deploy import loadserver
from paste.deploy.loadwsgi import APP, loadcontext

from ..crypto import Keyring
from ..plugins import load_plugins
from ..serve import registry_in
from ..settings import CORE_SETTINGS, ConfigurationError, Settings

if TYPE_CHECKING:
    from ..application import Application
    from ..places import WSGIApp
    from ..plugins import Plugins

#: What ``-c`` may leave out, in this order, when it lies in the current folder.
NAMES = ("development.ini", "support.ini", "production.ini")


@dataclass
class Host:
    """What ``-c`` names: an ini, or ``ini#section`` where the application is not ``main``.

    Nothing is read before it is needed, so that ``--help`` works without an ini. Every property
    raises :class:`~support_core.settings.ConfigurationError` with one sentence.
    """

    name: str | None = None
    verbose: bool = False

    @property
    def known(self) -> bool:
        """Whether there is an ini to go by."""
        return self.name is not None or _in_this_folder() is not None

    @cached_property
    def path(self) -> Path:
        """The ini."""
        found = Path(self.name.partition("#")[0]) if self.name is not None else _in_this_folder()
        if found is None:
            raise ConfigurationError(
                f"There is no {', '.join(NAMES[:-1])} or {NAMES[-1]} in this folder; name the "
                "configuration: support-core -c INI …"
            )
        if not found.is_file():
            raise ConfigurationError(f"There is no file {found}; name another with -c INI.")
        return found.resolve()

    @property
    def section(self) -> str:
        """The name of the application's section, without ``app:``."""
        return (self.name or "").partition("#")[2] or "main"

    @cached_property
    def settings(self) -> dict[str, str]:
        """The application section's settings, as written."""
        return dict(self._inner.local_conf)

    @cached_property
    def plugins(self) -> Plugins:
        """The enabled plugins, without an application around them."""
        names = Settings(
            {name: value for name, value in self.settings.items() if name == "support.plugins"},
            CORE_SETTINGS,
        )["support.plugins"]
        return load_plugins(names)

    @cached_property
    def wsgi(self) -> WSGIApp:
        """The WSGI application with everything the ini puts around it, as a server gets it."""
        self.hush()
        made: WSGIApp = self._context.create()
        return made

    @cached_property
    def application(self) -> Application:
        """The application; its log lines go to stderr."""
        application: Application = self.registry.support
        return application

    @property
    def registry(self) -> Any:
        """Pyramid's registry of the application."""
        return registry_in(self.wsgi)

    @cached_property
    def server(self) -> Any:
        """The server of ``[server:main]``."""
        try:
            return loadserver(f"config:{self.path}")
        except LookupError as error:
            raise ConfigurationError(f"{self.path.name}: {error}.") from None

    @property
    def has_server(self) -> bool:
        """Whether the ini has a ``[server:main]``; a host with its own WSGI server need not."""
        parser = RawConfigParser(strict=False)
        parser.read(self.path)
        return parser.has_section("server:main")

    def hush(self) -> None:
        """Keep all but warnings off the log: what a command does, it says itself."""
        if not self.verbose:
            logging.disable(logging.INFO)

    @staticmethod
    def speak() -> None:
        """Log at the configured level from here on."""
        logging.disable(logging.NOTSET)

    def create_keys(self) -> Path | None:
        """Create the keys file where it is missing; returns its path where it was created."""
        path = self.keys_file
        if self.settings.get("support.keys", "").strip() or path is None:
            return None
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return path if Keyring.create_file(path) else None

    @property
    def keys_file(self) -> Path | None:
        """The configured keys file."""
        name = self.settings.get("support.keys_file", "").strip()
        return Path(name) if name else None

    @cached_property
    def _context(self) -> Any:
        try:
            return loadcontext(APP, f"config:{self.path}", name=self.section)
        except (IniError, LookupError, PackageNotFoundError) as error:
            detail = " ".join(str(error).split())
            raise ConfigurationError(f"{self.path.name} cannot be read: {detail}.") from None

    @property
    def _inner(self) -> Any:
        """The application's own section, inside of a pipeline or of filters."""
        context = self._context
        while True:
            inside = getattr(context, "app_context", None) or getattr(context, "next_context", None)
            if inside is None:
                return context
            context = inside


def _in_this_folder() -> Path | None:
    return next((path for name in NAMES if (path := Path(name)).is_file()), None)

"""The embedded server: ``use = egg:support-core#serve`` in ``[server:main]`` of an ini.

One process, one port: requests, streams, job workers and schedules. ``pserve`` and
``support-core serve`` start the very same thing.
"""

from __future__ import annotations

import logging
import resource
import signal
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import structlog
import uvicorn

from . import collector, migrations
from .front import Front
from .server_options import ServerOptions
from .settings import ConfigurationError
from .streams.hub import Hub

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator, Mapping
    from types import TracebackType

    from .application import Application
    from .places import WSGIApp

log = structlog.get_logger(__name__)


def server_factory(_global_config: Mapping[str, str], **options: str) -> EmbeddedServer:
    """Return the server of ``[server:main]``; PasteDeploy's ``paste.server_factory``.

    Raises :class:`~support_core.settings.ConfigurationError` for an option that cannot be used.
    """
    if not isinstance(sys.excepthook, _OneSentence):
        sys.excepthook = _OneSentence(sys.excepthook)
    return EmbeddedServer(ServerOptions.parse(options))


class _OneSentence:
    """Says what is wrong with the configuration without a traceback, under ``pserve`` too.

    ``pserve`` ends with status 0 on SystemExit, and lets everything else through to here.
    """

    def __init__(self, otherwise: Callable[..., Any]) -> None:
        self._otherwise = otherwise

    def __call__(
        self, kind: type[BaseException], error: BaseException, traceback: TracebackType | None
    ) -> None:
        if isinstance(error, ConfigurationError):
            sys.stderr.write(f"support-core: {error}\n")
        else:
            self._otherwise(kind, error, traceback)


class EmbeddedServer:
    """Serves one application; calling it is PasteDeploy's way to run a server."""

    def __init__(self, options: ServerOptions) -> None:
        self.options = options

    def __call__(self, wsgi: WSGIApp) -> None:
        """Serve until SIGTERM or SIGINT; see :meth:`run`."""
        self.run(wsgi)

    def run(
        self, wsgi: WSGIApp, *, ready: Callable[[], None] | None = None, jobs: bool = True
    ) -> None:
        """Serve until SIGTERM or SIGINT; ``ready`` is called once the addresses are bound.

        Without ``jobs`` the process works on none and hands none on. Raises
        :class:`~support_core.settings.ConfigurationError` for a schema that is behind, a bus or
        a broker that cannot be reached, an address that cannot be bound, and an application that
        is not ours.
        """
        application = application_in(wsgi)
        require_schema(application)
        application.bus.require()
        if jobs:
            application.jobs.open()
        sockets = self.options.bind()
        try:
            if ready is not None:
                ready()
            self._serve(application, wsgi, sockets, jobs=jobs)
        finally:
            for each in sockets:
                each.close()

    def _serve(
        self,
        application: Application,
        wsgi: WSGIApp,
        sockets: list[socket.socket],
        *,
        jobs: bool,
    ) -> None:
        options = self.options
        workers: int = application.settings["support.workers"] if jobs else 0
        _raise_file_limit()
        hub = application.streams = Hub(application)
        front = Front(
            wsgi,
            hub=hub,
            threads=options.threads,
            upload_threads=options.upload_threads,
            body_timeout=options.body_timeout,
            start=lambda: application.jobs.start_workers(workers),
            stop=lambda: application.jobs.stop(options.shutdown_timeout),
        )
        # Its start and end are our own lines; its warnings and errors stay.
        logging.getLogger("uvicorn").setLevel(logging.WARNING)
        collector.settle()
        log.info("serving", listen=list(options.listen), threads=options.threads, workers=workers)
        try:
            _Server(options.uvicorn(front), hub).run(sockets=sockets)
        finally:
            application.close()
        log.info("stopped")


class _Server(uvicorn.Server):
    """Ends normally on a signal, where uvicorn would raise it anew and end by it."""

    def __init__(self, config: uvicorn.Config, hub: Hub) -> None:
        super().__init__(config)
        self._hub = hub

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End the streams first: their clients go on elsewhere, and nobody waits for them."""
        self._hub.close()
        await super().shutdown(sockets)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        if threading.current_thread() is not threading.main_thread():
            yield  # only the main thread may handle signals
            return
        before = {
            number: signal.signal(number, self.handle_exit)
            for number in (signal.SIGTERM, signal.SIGINT)
        }
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def _raise_file_limit() -> None:
    """Let the process have as many connections as the system allows it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def application_in(wsgi: Any) -> Application:
    """Return our application inside of a WSGI one; see :func:`registry_in`."""
    application: Application = registry_in(wsgi).support
    return application


def registry_in(wsgi: Any) -> Any:
    """Return Pyramid's registry of our application, middleware around it or not.

    Raises :class:`~support_core.settings.ConfigurationError` where there is none.
    """
    seen: Any = wsgi
    while seen is not None:
        registry = getattr(seen, "registry", None)
        if hasattr(registry, "support"):
            return registry
        seen = getattr(seen, "application", None) or getattr(seen, "app", None)
    raise ConfigurationError(
        "egg:support-core#serve serves support-core only, and found another application; use it "
        "with [app:main] use = egg:support-core, or choose another server."
    )


def require_schema(application: Application) -> None:
    """Raise :class:`~support_core.settings.ConfigurationError` for a schema that is behind."""
    pending = migrations.state(application.database, application.plugins.modules).pending
    if pending:
        raise ConfigurationError(
            f"The database schema is behind ({', '.join(pending)}); run: support-core migrate."
        )

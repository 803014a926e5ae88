"""``support-core serve`` and ``worker``."""

from __future__ import annotations

import os
import signal
import sys
import threading
from dataclasses import replace
from typing import TYPE_CHECKING

import click
import structlog

from .. import collector
from ..gateway import StreamsOnly
from ..metrics_server import MetricsServer
from ..serve import EmbeddedServer, registry_in, require_schema
from ..server_options import ServerOptions
from ..supervisor import Supervisor, end_with_parent
from .context import application_of
from .group import host_of

if TYPE_CHECKING:
    from ..application import Application

log = structlog.get_logger(__name__)

#: Seconds that supervised processes get beyond their own shutdown timeout.
GRACE = 15.0


@click.command()
@click.pass_context
def serve(context: click.Context) -> None:
    """Serve the desk as [server:main] says: the same as pserve INI."""
    host = host_of(context)
    server, wsgi = host.server, host.wsgi
    host.speak()
    if isinstance(server, EmbeddedServer):
        server.run(wsgi)
    else:
        server(wsgi)


@click.command()
@click.option(
    "--listen",
    help="Where to listen, as in [server:main], which would otherwise say where.",
)
@click.pass_context
def gateway(context: click.Context, listen: str | None) -> None:
    """Hold live streams open, and nothing else: beside WSGI servers that cannot.

    The other options of [server:main] hold here too.
    """
    host = host_of(context)
    server = host.server if host.has_server else None
    options = server.options if isinstance(server, EmbeddedServer) else ServerOptions.parse({})
    if listen is not None:
        options = replace(options, listen=ServerOptions.parse({"listen": listen}).listen)
    wsgi = host.wsgi
    host.speak()
    gated = StreamsOnly(wsgi, registry_in(wsgi))
    EmbeddedServer(options).run(gated, jobs=False)


@click.command()
@click.option(
    "--processes",
    type=click.IntRange(1, 1000),
    default=1,
    show_default=True,
    help="Processes; one that dies is started again.",
)
@click.option(
    "--threads",
    type=click.IntRange(min=1),
    help="Worker threads of each process; support.workers by default.",
)
@click.option("--queues", help="Work on these queues only, with spaces or commas between.")
@click.option(
    "--shutdown-timeout",
    type=click.FloatRange(min=0),
    default=30.0,
    show_default=True,
    help="Seconds that running jobs get to end; what still runs then is handed back.",
)
@click.option(
    "--metrics",
    metavar="HOST:PORT",
    help="Answer GET /metrics there; several processes take the ports from there on.",
)
@click.option("--metrics-ports", type=click.IntRange(min=1), default=1, hidden=True)
@click.option("--child-of", type=int, hidden=True)
@click.pass_context
def worker(  # noqa: PLR0913 - options
    context: click.Context,
    *,
    processes: int,
    threads: int | None,
    queues: str | None,
    shutdown_timeout: float,
    metrics: str | None,
    metrics_ports: int,
    child_of: int | None,
) -> None:
    """Work on background jobs, without serving requests, until SIGTERM or SIGINT."""
    ended = threading.Event()
    for caught in (signal.SIGTERM, signal.SIGINT):
        signal.signal(caught, lambda *_: ended.set())
    if child_of is not None:
        end_with_parent(child_of)
    application = application_of(context)
    require_schema(application)
    if child_of is None:  # a process that died is started again even while a server is away
        application.bus.require()
        application.jobs.broker.check()
    chosen = _known_queues(application, queues)
    number = threads or application.settings["support.workers"] or 1
    host_of(context).speak()
    if processes > 1:
        application.close()
        supervised = _command(context, number, chosen, shutdown_timeout)
        supervised += [f"--metrics={metrics}", f"--metrics-ports={processes}"] if metrics else []
        log.info("supervising", processes=processes, threads=number)
        well = Supervisor(supervised, processes, grace=shutdown_timeout + GRACE).run(ended)
        log.info("stopped")
        context.exit(0 if well else 1)
    shown = MetricsServer(application, metrics, count=metrics_ports) if metrics else None
    collector.settle()
    application.jobs.start_workers(number, queues=chosen)
    if shown is not None:
        shown.start()
    log.info("working", threads=number, queues=list(chosen or _queues(application)))
    ended.wait()
    application.jobs.stop(shutdown_timeout)
    if shown is not None:
        shown.stop()
    application.close()
    log.info("stopped")


def _queues(application: Application) -> list[str]:
    return sorted(application.jobs.broker.get_declared_queues())


def _known_queues(application: Application, queues: str | None) -> tuple[str, ...] | None:
    chosen = tuple((queues or "").replace(",", " ").split()) or None
    known = _queues(application)
    for queue in chosen or ():
        if queue not in known:
            raise click.BadParameter(
                f"there is no queue {queue!r}; known: {', '.join(known)}", param_hint="--queues"
            )
    return chosen


def _command(
    context: click.Context, threads: int, queues: tuple[str, ...] | None, timeout: float
) -> list[str]:
    """Return the command line of one of several processes."""
    host = host_of(context)
    return [
        *(sys.executable, "-c", "from support_core.cli import main; main()"),
        *("-c", f"{host.path}#{host.section}", "worker", f"--threads={threads}"),
        *([f"--queues={','.join(queues)}"] if queues else []),
        *(f"--shutdown-timeout={timeout}", f"--child-of={os.getpid()}"),
    ]

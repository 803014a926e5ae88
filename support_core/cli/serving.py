"""``support-core serve`` and ``worker``."""

from __future__ import annotations

import signal
import threading

import click
import structlog

from ..serve import EmbeddedServer, require_schema
from .context import application_of
from .group import host_of

log = structlog.get_logger(__name__)


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
    "--threads", type=click.IntRange(min=1), help="Worker threads; support.workers by default."
)
@click.option("--queues", help="Work on these queues only, with spaces or commas between.")
@click.pass_context
def worker(context: click.Context, threads: int | None, queues: str | None) -> None:
    """Work on background jobs, without serving requests, until SIGTERM or SIGINT."""
    application = application_of(context)
    require_schema(application)
    chosen = tuple((queues or "").replace(",", " ").split()) or None
    known = sorted(application.jobs.broker.get_declared_queues())
    for queue in chosen or ():
        if queue not in known:
            raise click.BadParameter(
                f"there is no queue {queue!r}; known: {', '.join(known)}", param_hint="--queues"
            )
    number = threads or application.settings["support.workers"] or 1
    host_of(context).speak()
    ended = threading.Event()
    for caught in (signal.SIGTERM, signal.SIGINT):
        signal.signal(caught, lambda *_: ended.set())
    application.jobs.start_workers(number, queues=chosen)
    log.info("working", threads=number, queues=list(chosen or known))
    ended.wait()
    application.close()
    log.info("stopped")

"""A desk behind nginx with nchan: requests through the proxy, jobs run when a test says so."""

from __future__ import annotations

import socketserver
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest

from support_core.testing import DeskUnderTest, TestWorkspace, make_desk
from tests.deploy.conftest import nginx_of
from tests.deploy.site import Nchan, Site
from tests.services.process import free_port

from .listening import Listening

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support_nchan.engine import Nchan as Engine
    from tests.services.databases import Databases
    from tests.services.nginx import Nginx
    from tests.services.redis import Redis

SECRET = "what-only-the-desk-knows"


class Threading(socketserver.ThreadingMixIn, WSGIServer):
    daemon_threads = True


class Quiet(WSGIRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@dataclass
class Behind:
    """The desk as it stands behind nginx."""

    desk: DeskUnderTest
    nginx: Nginx
    redis: Redis
    site: Site

    @property
    def url(self) -> str:
        return f"http://{self.site.listen}"

    @property
    def publisher_url(self) -> str:
        assert self.site.nchan is not None
        return f"http://{self.site.nchan.publisher}"

    @property
    def engine(self) -> Engine:
        engine: Engine = self.desk.application.extensions["nchan"]
        return engine

    def settle(self) -> None:
        """Publish what there is, and wait until a new stream would not begin with it."""
        self.desk.run_jobs()
        time.sleep(2.1)

    def listen(
        self,
        workspace: TestWorkspace,
        *,
        token: str = "",
        after: str = "",
        **filters: str | int,
    ) -> Listening:
        """Return a stream of a workspace, its owner's without a ``token``."""
        query = f"?{urlencode(filters)}" if filters else ""
        headers = {"Last-Event-ID": after} if after else {}
        url = f"{self.url}/api/support/events/stream{query}"
        return Listening(url, token or workspace.token(), headers)


@pytest.fixture(scope="module")
def behind(
    redis: Redis,
    databases: Databases,
    tmp_path_factory: pytest.TempPathFactory,
    request: pytest.FixtureRequest,
) -> Iterator[Behind]:
    folder: Path = tmp_path_factory.mktemp("nchan")
    publisher = f"127.0.0.8:{free_port()}"
    name = request.module.__name__.rpartition(".")[2]
    desk = make_desk(
        folder,
        databases.create(f"nchan_{name}"),
        plugins=getattr(request.module, "PLUGINS", ("api", "plans", "nchan")),
        support__nchan__url=f"http://{publisher}",
        support__nchan__secret=SECRET,
        support__nchan__buffer="200",
    )
    web = make_server("127.0.0.1", 0, desk.wsgi, server_class=Threading, handler_class=Quiet)
    thread = threading.Thread(target=web.serve_forever)
    thread.start()
    site = Site(
        f"127.0.0.1:{free_port()}",
        [f"127.0.0.1:{web.server_port}"],
        nchan=Nchan(redis.url, publisher, SECRET),
    )
    try:
        with nginx_of(site) as nginx:
            yield Behind(desk, nginx, redis, site)
    finally:
        web.shutdown()
        thread.join()
        web.server_close()
        desk.application.close()


@pytest.fixture(scope="module")
def unused(behind: Behind) -> Iterator[TestWorkspace]:
    """Workspaces whose making is no news any more."""
    made = [behind.desk.workspace() for _ in range(60)]
    behind.settle()
    return iter(made)


@pytest.fixture
def shop(unused: Iterator[TestWorkspace]) -> TestWorkspace:
    return next(unused)


@pytest.fixture
def rival(unused: Iterator[TestWorkspace]) -> TestWorkspace:
    return next(unused)

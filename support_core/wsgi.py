"""The application for WSGI servers that import one, such as Granian.

``SUPPORT_CORE_INI=production.ini granian --interface wsgi --factory support_core.wsgi:application``

Such a process answers requests only; ``support-core worker`` runs the jobs beside it.
"""

from __future__ import annotations

import atexit
import os
from typing import TYPE_CHECKING

from .cli.host import Host
from .proxies import BehindProxies
from .serve import EmbeddedServer, application_in, require_schema

if TYPE_CHECKING:
    from .places import WSGIApp


def application() -> WSGIApp:
    """Build the application of the ini that ``SUPPORT_CORE_INI`` names.

    Without it, an ini of the current folder is taken. Of its ``[server:main]``, where that is
    ours, ``trusted_proxies`` counts here as well. Raises
    :class:`~support_core.settings.ConfigurationError` with one sentence, for a schema that is
    behind too.
    """
    host = Host(os.environ.get("SUPPORT_CORE_INI") or None)
    wsgi = host.wsgi
    inside = application_in(wsgi)
    require_schema(inside)
    inside.bus.require()
    inside.jobs.open()
    atexit.register(inside.jobs.close)
    host.speak()
    server = host.server if host.has_server else None
    if isinstance(server, EmbeddedServer):
        return BehindProxies(wsgi, server.options.trusted_proxies)
    return wsgi

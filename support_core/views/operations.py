"""``/healthz``, ``/readyz`` and ``/metrics``, for whoever runs the desk."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from pyramid.response import Response

from ..errors import Unauthenticated
from ..health import readiness
from ..presenters.shapes import FLAG, TEXT, many, obj
from ..rest import Service
from ..security import Permission
from ..security.secrets import same

if TYPE_CHECKING:
    from pyramid.request import Request

TAG = "Operations"
CHECK = obj(name=TEXT, ok=FLAG, message=TEXT)

alive = Service("healthz", "/healthz", description="Liveness.", tag=TAG)
ready = Service("readyz", "/readyz", description="Readiness.", tag=TAG)
metrics = Service("metrics", "/metrics", description="Metrics.", tag=TAG)


@alive.get(permission=Permission.PUBLIC, shape=obj(status=TEXT))
def show_alive(_request: Request) -> dict[str, Any]:
    """Tell that the process answers; nothing else is looked at."""
    return {"status": "ok"}


READINESS = obj(status=TEXT, checks=many(CHECK))


@ready.get(permission=Permission.PUBLIC, shape=READINESS, others={503: READINESS})
def show_ready(request: Request) -> dict[str, Any]:
    """Tell whether everything that requests need is there; 503 names what is not."""
    checks = readiness(request.registry.support)
    failed = not all(check.ok for check in checks)
    if failed:
        request.response.status_int = 503
    return {
        "status": "unavailable" if failed else "ok",
        "checks": [check.shown() for check in checks],
    }


@metrics.get(
    permission=Permission.PUBLIC, shape=TEXT, media="text/plain", raises=(Unauthenticated,)
)
def show_metrics(request: Request) -> Response:
    """Show metrics in the Prometheus text format."""
    application = request.registry.support
    token: str = application.settings["support.metrics.token"]
    given = request.headers.get("Authorization", "")
    if token and not same(given, f"Bearer {token}"):
        raise Unauthenticated
    body = generate_latest(application.metrics)
    return Response(body=body, headers={"Content-Type": CONTENT_TYPE_LATEST})

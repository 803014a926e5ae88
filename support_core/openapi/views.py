"""``/openapi.json`` and ``/docs``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyramid.response import Response

from ..presenters.shapes import ANY_OBJECT, TEXT
from ..rest import Service
from ..security import Permission
from .page import CONTENT_SECURITY_POLICY

if TYPE_CHECKING:
    from pyramid.request import Request

TAG = "Operations"

openapi = Service("openapi", "/openapi.json", description="The OpenAPI document.", tag=TAG)
docs = Service("docs", "/docs", description="The readable documentation.", tag=TAG)


@openapi.get(permission=Permission.PUBLIC, shape=ANY_OBJECT, etag=True)
def show_document(request: Request) -> Response:
    """Get this API as an OpenAPI 3.1 document, the enabled plugins' share included."""
    return Response(
        body=request.registry.support_documentation.json(),
        content_type="application/json",
        charset="utf-8",
    )


@docs.get(permission=Permission.PUBLIC, shape=TEXT, media="text/html", etag=True)
def show_page(request: Request) -> Response:
    """Read this API as a page that needs nothing from anywhere else."""
    response = Response(
        body=request.registry.support_documentation.html(),
        content_type="text/html",
        charset="utf-8",
    )
    response.headers.update(
        {
            "Content-Security-Policy": CONTENT_SECURITY_POLICY,
            "Referrer-Policy": "no-referrer",
        }
    )
    return response

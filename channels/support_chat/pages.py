"""What browsers load: the widget's script, and in development a page to try it on."""

from __future__ import annotations

import gzip
import hashlib
import html
import secrets
from functools import cache
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING

from pyramid.response import Response

from support_core.plugin_api import NotFound, Permission, Service

from .demo import shown_token
from .settings import DEMO

if TYPE_CHECKING:
    from pyramid.request import Request

STATIC = Path(__file__).parent / "static"

#: Seconds for which a page may use its copy without asking; after that the ETag saves the bytes.
FRESH = 300

script = Service("chat-widget-js", "/chat/widget.js", description="The widget.", tag="Chat")
demo = Service("chat-demo", "/chat/demo", description="A page to try it on.", tag="Chat")


@cache
def built(*, compressed: bool) -> tuple[bytes, str]:
    """Return the built widget and its entity tag, read and compressed once."""
    content = (STATIC / "widget.js").read_bytes()
    tag = hashlib.sha256(content).hexdigest()[:32]
    return (gzip.compress(content, mtime=0), f"{tag}-gzip") if compressed else (content, tag)


@script.get(permission=Permission.PUBLIC, shape={"type": "string"}, media="text/javascript")
def widget_js(request: Request) -> Response:
    """The embeddable widget: one script tag with ``data-token``.

    It may be loaded by any page, which asks again after five minutes, and then by its ``ETag``.
    It comes compressed to who says to take gzip.
    """
    said = "Accept-Encoding" in request.headers
    compressed = said and bool(request.accept_encoding.acceptable_offers(["gzip"]))
    content, tag = built(compressed=compressed)
    response = Response(body=content, content_type="text/javascript", charset="utf-8")
    response.headers.update(
        {
            "Cache-Control": f"public, max-age={FRESH}",
            "Cross-Origin-Resource-Policy": "cross-origin",
            "Access-Control-Allow-Origin": "*",
            "Vary": "Accept-Encoding",
            "X-Content-Type-Options": "nosniff",
        }
    )
    if compressed:
        response.content_encoding = "gzip"
    response.etag = tag
    response.conditional_response = True
    return response


@demo.get(
    permission=Permission.PUBLIC,
    shape={"type": "string"},
    media="text/html",
    raises=(NotFound,),
)
def demo_page(request: Request) -> Response:
    """A shop's page with the widget of the demo workspace; in development only."""
    application = request.registry.support
    if not application.development and not application.settings[DEMO]:
        raise NotFound
    token = shown_token(request.dbsession)
    if token is None:
        raise NotFound("There is no demo widget. Run support-core demo first.")
    nonce = secrets.token_urlsafe(16)
    page = Template((STATIC / "demo.html").read_text("utf-8")).substitute(
        token=html.escape(token), nonce=nonce
    )
    response = Response(body=page.encode(), content_type="text/html", charset="utf-8")
    response.headers.update(
        {
            "Content-Security-Policy": (
                "default-src 'none'; script-src 'self'; "
                f"style-src 'nonce-{nonce}'; connect-src 'self'; img-src 'self' blob: data:; "
                "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
            ),
            "Referrer-Policy": "strict-origin-when-cross-origin",
            "X-Content-Type-Options": "nosniff",
        }
    )
    return response

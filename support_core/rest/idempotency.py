"""``Idempotency-Key``: the first successful answer to a key is kept and given again.

The key's row is written in the request's own transaction: of many requests at once with one key,
one runs and the others wait for its commit and repeat its answer. A refused request (4xx, 5xx)
leaves no row, so that a mended one may use the key again.
"""

from __future__ import annotations

from datetime import timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from pyramid.response import Response
from sqlalchemy import delete, select, update

from ..db import upsert
from ..errors import Conflict, IdempotencyConflict, Invalid
from ..models import IdempotencyKey
from .uploads import form_digest

if TYPE_CHECKING:
    from collections.abc import Callable

    from pyramid.request import Request

    from .service import Operation

    View = Callable[[Any, Request], Response]

HEADER = "Idempotency-Key"
MAX_LENGTH = 255


def idempotent(view: View, info: Any) -> View:
    """Honour the header on every authenticated POST."""
    operation: Operation | None = info.options.get("operation")
    if operation is None or operation.method != "POST" or operation.public:
        return view

    def wrapped(context: Any, request: Request) -> Response:
        key = request.headers.get(HEADER)
        if key is None:
            return view(context, request)
        if not 0 < len(key) <= MAX_LENGTH or not key.isascii() or not key.isprintable():
            raise Invalid(
                {
                    "Idempotency-Key": [
                        f"The Idempotency-Key must be 1 to {MAX_LENGTH} printable ASCII characters."
                    ]
                }
            )
        return _once(view, context, request, key, operation)

    return wrapped


def _once(view: View, context: Any, request: Request, key: str, operation: Operation) -> Response:
    session, now = request.desk.session, request.desk.clock()
    hours: int = request.desk.settings["support.idempotency.hours"]
    mine = {"workspace_id": request.desk.workspace_id, "caller": request.caller.key, "key": key}
    this = (
        IdempotencyKey.workspace_id == mine["workspace_id"],
        IdempotencyKey.caller == mine["caller"],
        IdempotencyKey.key == key,
    )
    stale = IdempotencyKey.created_at < now - timedelta(hours=hours)
    session.execute(delete(IdempotencyKey).where(*this, stale))
    form = operation.request_media == "multipart/form-data"
    fingerprint = _fingerprint(request, form_digest(request) if form else request.raw_body)
    claim = upsert(session, IdempotencyKey, keys=("workspace_id", "caller", "key"))
    claimed = session.execute(  # psycopg's rowcount is gone once an INSERT is over
        claim.returning(IdempotencyKey.__table__.c.key),
        {**mine, "fingerprint": fingerprint, "created_at": now},
    ).first()
    if claimed is None:
        return _again(request, session.execute(select(IdempotencyKey).where(*this)), fingerprint)
    response = view(context, request)
    if response.status_int < 300:
        body = request.desk.keyring.encrypt(response.text)
        session.execute(
            update(IdempotencyKey).where(*this).values(status=response.status_int, body=body)
        )
    return response


def _again(request: Request, found: Any, fingerprint: str) -> Response:
    first: IdempotencyKey | None = found.scalar_one_or_none()
    if first is None or first.status is None:
        raise Conflict("A request with this Idempotency-Key is still running. Try again.")
    if first.fingerprint != fingerprint:
        raise IdempotencyConflict
    if first.body is None:
        raise Conflict("The request was carried out; its answer has been erased since.")
    response = Response(
        body=request.desk.keyring.decrypt(first.body).encode(),
        status=first.status,
        content_type="application/json",
        charset="utf-8",
    )
    response.headers["Idempotency-Replayed"] = "true"
    return response


def _fingerprint(request: Request, content: bytes) -> str:
    """Tell requests apart: the path with its query, and the body's bytes or a form's digest."""
    return sha256(request.path_qs.encode() + b"\n" + content).hexdigest()

"""Which errors an operation can give: implied by its gates, its path and what it reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import (
    Conflict,
    FeatureNotAvailable,
    Forbidden,
    IdempotencyConflict,
    Invalid,
    InvalidRequest,
    LimitExceeded,
    NotAcceptable,
    NotFound,
    PayloadTooLarge,
    PreconditionFailed,
    ServerError,
    SupportError,
    TooManyRequests,
    Unauthenticated,
    Unavailable,
    UnsupportedMediaType,
    WorkspaceRequired,
)
from ..rest.gates import ANY_MEDIA

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..rest import Operation

MULTIPART = "multipart/form-data"


def refusals(operation: Operation) -> dict[int, list[type[SupportError]]]:
    """Return the errors by status, in ascending order; each only where it can really happen."""
    found: dict[int, list[type[SupportError]]] = {}
    for kind in (*_caller(operation), *_request(operation), *_state(operation), *operation.raises):
        if kind.status in operation.others:
            continue
        kinds = found.setdefault(kind.status, [])
        if kind not in kinds:
            kinds.append(kind)
    return dict(sorted(found.items()))


def reads_body(operation: Operation) -> bool:
    """Tell whether the operation reads what the request carries."""
    return operation.body is not None or operation.request_media == MULTIPART


def takes_key(operation: Operation) -> bool:
    """Tell whether the operation honours ``Idempotency-Key``."""
    return operation.method == "POST" and not operation.public


def _caller(operation: Operation) -> Iterator[type[SupportError]]:
    """Yield what the gates in front of the view refuse."""
    if not operation.public:
        yield from (WorkspaceRequired, Unauthenticated, Forbidden, TooManyRequests)
    elif operation.rate is not None:
        yield TooManyRequests
    if operation.feature is not None:
        yield FeatureNotAvailable
    if operation.limit is not None:
        yield LimitExceeded


def _request(operation: Operation) -> Iterator[type[SupportError]]:
    """Yield what is wrong with the request itself."""
    if operation.media != ANY_MEDIA:
        yield NotAcceptable
    if reads_body(operation):
        yield from (InvalidRequest, UnsupportedMediaType, PayloadTooLarge, Invalid)
    if operation.query is not None:
        yield from (InvalidRequest, Invalid)
    if takes_key(operation):
        yield from (PayloadTooLarge, Invalid, Conflict, IdempotencyConflict)


def _state(operation: Operation) -> Iterator[type[SupportError]]:
    """Yield what the state of the desk forbids."""
    if "{" in operation.path:
        yield NotFound
    if operation.precondition is not None:
        yield PreconditionFailed
    yield ServerError
    if not _is_static(operation):
        yield Unavailable


def _is_static(operation: Operation) -> bool:
    """Tell whether the answer needs no database: a public read that is asked nothing."""
    return (
        operation.public
        and operation.method == "GET"
        and "{" not in operation.path
        and operation.query is None
    )

"""Every error a caller can meet, and the one place that turns errors into HTTP.

Services and plugins raise :class:`SupportError`; nothing but this module knows status codes,
bodies and headers. Each answer is ``{"error": code, "message": text, **fields}``; a validation
error keeps Laravel's shape, ``{"message": …, "errors": {field: [messages]}}``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import structlog
from pyramid.httpexceptions import HTTPException, HTTPMethodNotAllowed
from pyramid.response import Response
from sqlalchemy import exc as sqlalchemy_errors
from webob.request import DisconnectionError

from .blobs import BlobStoreAway
from .rendering import json_response

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pyramid.config import Configurator
    from pyramid.request import Request

log = structlog.get_logger(__name__)


class SupportError(Exception):
    """Base of every error with an answer of its own.

    ``fields`` are added to the body beside ``error`` and ``message``; ``headers`` to the response.
    """

    status: ClassVar[int] = 400
    code: ClassVar[str] = "invalid_request"
    message: str = "The request was invalid"

    def __init__(
        self, message: str | None = None, *, headers: Mapping[str, str] | None = None, **fields: Any
    ) -> None:
        if message is not None:
            self.message = message
        self.fields = fields
        self.headers = dict(headers or {})
        super().__init__(self.message)

    def body(self) -> dict[str, Any]:
        """Return the JSON body of this error."""
        return {"error": self.code, "message": self.message, **self.fields}


class InvalidRequest(SupportError):
    """The request could not be read: malformed JSON, a body that is no object."""


class WorkspaceRequired(SupportError):
    """A session of a user of several workspaces named none of them."""

    code = "workspace_required"
    message = "Name the workspace with the X-Workspace header."


class Unauthenticated(SupportError):
    """No, unknown, expired or revoked credentials."""

    status = 401
    code = "unauthenticated"
    message = "Unauthenticated."

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message, headers={"WWW-Authenticate": "Bearer"})


class Forbidden(SupportError):
    """The role, or the token's abilities, do not allow it; names the ``permission``."""

    status = 403
    code = "forbidden"
    message = "This action is unauthorized."


class FeatureNotAvailable(SupportError):
    """The plan does not include the ``feature``."""

    status = 403
    code = "feature_not_available"
    message = "Your plan does not include access to this feature."


class LimitExceeded(SupportError):
    """The plan's limit for the ``resource`` is used up."""

    status = 403
    code = "limit_exceeded"
    message = "You have reached your plan's limit for this resource."


class NotFound(SupportError):
    """What was asked for does not exist, or belongs to another workspace."""

    status = 404
    code = "not_found"
    message = "The requested resource was not found."


class MethodNotAllowed(SupportError):
    """The route exists, the method does not; the answer carries ``Allow``."""

    status = 405
    code = "method_not_allowed"
    message = "The method is not supported for this route."


class NotAcceptable(SupportError):
    """The caller accepts nothing this endpoint can give."""

    status = 406
    code = "not_acceptable"
    message = "This endpoint answers application/json only."


class Conflict(SupportError):
    """A race was lost, or the thing is no longer in the state the call needs."""

    status = 409
    code = "conflict"
    message = "The resource was changed by another request. Fetch it and try again."


class IdempotencyConflict(Conflict):
    """The Idempotency-Key was used before, with another body."""

    code = "idempotency_conflict"
    message = "This Idempotency-Key was used before with a different request."


class PreconditionFailed(SupportError):
    """``If-Match`` no longer matches the representation."""

    status = 412
    code = "precondition_failed"
    message = "The resource has changed since it was read. Fetch it and try again."


class PayloadTooLarge(SupportError):
    """The body is over the configured limit."""

    status = 413
    code = "payload_too_large"
    message = "The request body is too large."


class UnsupportedMediaType(SupportError):
    """The body is not of the one type the endpoint reads."""

    status = 415
    code = "unsupported_media_type"
    message = "Send the body as application/json."


class Invalid(SupportError):
    """Validation failed: ``errors`` maps each failing field to its messages."""

    status = 422
    code = "invalid"
    message = "The given data was invalid."

    def __init__(self, errors: Mapping[str, list[str]]) -> None:
        super().__init__()
        self.errors = dict(errors)

    def body(self) -> dict[str, Any]:
        return {"message": self.message, "errors": self.errors}


class MessageDropped(SupportError):
    """A plugin decided that the message is not to be stored."""

    status = 422
    code = "message_dropped"
    message = "The message was dropped by a rule of this desk."


class TooManyRequests(SupportError):
    """A rate limit refused the request; the answer carries ``Retry-After``."""

    status = 429
    code = "too_many_requests"
    message = "Too Many Attempts."


class ServerError(SupportError):
    """Something failed that the caller cannot mend; quotes the ``request_id``."""

    status = 500
    code = "server_error"
    message = "Server Error"


class Unavailable(SupportError):
    """A part the request needs does not answer just now."""

    status = 503
    code = "unavailable"
    message = "The service is temporarily unavailable. Try again shortly."


BY_STATUS: dict[int, type[SupportError]] = {
    kind.status: kind
    for kind in (
        InvalidRequest,
        Unauthenticated,
        Forbidden,
        NotFound,
        MethodNotAllowed,
        NotAcceptable,
        Conflict,
        PayloadTooLarge,
        UnsupportedMediaType,
        ServerError,
        Unavailable,
    )
}


def invalid_reference(field: str) -> Invalid:
    """Laravel's answer to an id that does not exist in this workspace."""
    return Invalid({field: [f"The selected {field.replace('_', ' ')} is invalid."]})


def respond(error: SupportError, request: Request) -> Response:
    """Render ``error``; the transaction is vetoed by its status."""
    if error.status >= 500:
        error.fields.setdefault("request_id", request.request_id)
    response = json_response(error.body(), status=error.status)
    response.headers.update(error.headers)
    return response


def support_error_view(error: SupportError, request: Request) -> Response:
    return respond(error, request)


def not_found_view(_error: Exception, request: Request) -> Response:
    return respond(NotFound(), request)


def forbidden_view(error: Exception, request: Request) -> Response:
    """Pyramid's permission check failed: tell nobody from somebody without the permission."""
    if request.identity is None:
        return respond(Unauthenticated(), request)
    result = getattr(error, "result", None)
    return respond(Forbidden(permission=getattr(result, "permission", None)), request)


def http_exception_view(error: HTTPException, request: Request) -> Response:
    """An error raised by Pyramid, WebOb or Cornice in the one shape."""
    if error.status_int < 400:
        return error
    if isinstance(error, HTTPMethodNotAllowed) and request.method == "OPTIONS":
        return Response(allow=sorted(error.allow or ()), content_type=None, charset=None)
    kind = BY_STATUS.get(
        error.status_int, InvalidRequest if error.status_int < 500 else ServerError
    )
    answer = respond(kind(), request)
    answer.status_int = error.status_int
    if isinstance(error, HTTPMethodNotAllowed):
        answer.allow = sorted(error.allow or ())
    return answer


def integrity_error_view(error: sqlalchemy_errors.IntegrityError, request: Request) -> Response:
    """Two requests raced for a unique value and the service's own check came too early."""
    log.warning("conflict", request_id=request.request_id, constraint=type(error.orig).__name__)
    return respond(Conflict(), request)


def database_unavailable_view(error: Exception, request: Request) -> Response:
    log.error("database_unavailable", request_id=request.request_id, error=type(error).__name__)
    return respond(Unavailable(headers={"Retry-After": "2"}), request)


def blobs_unavailable_view(error: BlobStoreAway, request: Request) -> Response:
    log.error("blobs_unavailable", request_id=request.request_id, error=str(error))
    return respond(Unavailable(headers={"Retry-After": "2"}), request)


def unicode_error_view(_error: UnicodeError, request: Request) -> Response:
    """A path or query string that is no UTF-8."""
    return respond(InvalidRequest("The request is not valid UTF-8."), request)


def disconnected_view(_error: Exception, request: Request) -> Response:
    """The body ended before its announced length; nobody may be left to read this."""
    return respond(InvalidRequest("The request body ended too early."), request)


def unexpected_error_view(error: Exception, request: Request) -> Response:
    """A defect of ours: the log has it all, the caller gets an id to quote."""
    log.error("unhandled_exception", request_id=request.request_id, exc_info=error)
    return respond(ServerError(), request)


def includeme(config: Configurator) -> None:
    """Register the exception views, the most specific context winning."""
    views: list[tuple[type[BaseException], Any]] = [
        (Exception, unexpected_error_view),
        (UnicodeError, unicode_error_view),
        (DisconnectionError, disconnected_view),
        (SupportError, support_error_view),
        (HTTPException, http_exception_view),
        (sqlalchemy_errors.IntegrityError, integrity_error_view),
        (sqlalchemy_errors.OperationalError, database_unavailable_view),
        (sqlalchemy_errors.InterfaceError, database_unavailable_view),
        (sqlalchemy_errors.TimeoutError, database_unavailable_view),
        (BlobStoreAway, blobs_unavailable_view),
    ]
    for context, view in views:
        config.add_exception_view(view, context=context)
    config.add_notfound_view(not_found_view)
    config.add_forbidden_view(forbidden_view)

"""The one way to declare an endpoint: a Cornice service whose views say what they ask for.

``permission`` is mandatory. ``feature``, ``limit`` and ``rate`` are the reference's middleware
(``support.entitlement``, ``support.limit``, ``throttle``); :mod:`support_core.rest.gates` carries
them out. What a view declares is also what ``/openapi.json`` and ``support-core routes`` show.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self, TypeVar

from cornice import Service as CorniceService

from ..errors import BY_STATUS, InvalidRequest
from ..security.permissions import Permission

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pyramid.request import Request

    from ..application import Application
    from ..desk import Desk
    from ..errors import SupportError

    #: Locks the row of an id until the commit; raises ``NotFound``.
    Lock = Callable[[Desk, int], Any]

#: Every authenticated endpoint needs it unless it says otherwise (reference, "Authentication").
DEFAULT_FEATURE = "api_access"

PREFIX = "/api/support"

View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True)
class Operation:
    """What one method of one endpoint asks for and gives.

    ``body`` and ``query`` are schemas, or functions that make one for an application whose plugins
    have a say in it; ``shape`` is the JSON Schema of the success answer; ``raises`` are errors
    that the view itself may raise, beyond those that its gates and path imply, and ``others``
    shapes of answers of another status, which are no errors; both are documentation;
    ``precondition`` a pair (view that gives the representation, function that locks its row) for
    ``If-Match``; ``etag`` whether a GET answers conditionally; ``media`` the type of the answer.
    """

    service: str
    method: str
    path: str
    permission: Permission
    summary: str
    description: str
    tag: str
    feature: str | None = None
    limit: str | None = None
    rate: str | None = None
    body: Any = None
    query: Any = None
    status: int = 200
    shape: Mapping[str, Any] | None = None
    etag: bool = False
    precondition: tuple[Callable[[Request], Any], Lock] | None = None
    media: str = "application/json"
    request_media: str = "application/json"
    secret: bool = False
    raises: tuple[type[SupportError], ...] = ()
    others: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)

    def __deepcopy__(self, _memo: Any) -> Self:
        return self  # Cornice copies view arguments; this one is immutable

    def body_schema(self, application: Application) -> Any:
        """Return the schema of the body, made once per application; None where there is none."""
        return application.schema(self.body)

    def query_schema(self, application: Application) -> Any:
        """Return the schema of the query string, made once per application."""
        return application.schema(self.query)

    @property
    def public(self) -> bool:
        """Whether anybody may call it."""
        return self.permission is Permission.PUBLIC


class Service(CorniceService):  # type: ignore[misc]
    """A Cornice service under ``/api/support`` with our gates, errors and rendering.

    Raises ``TypeError`` at import for a view that names no permission.
    """

    renderer = None  # see support_core.rendering
    default_validators = ()
    default_filters = ()

    def __init__(self, name: str, path: str, *, description: str, tag: str, **kw: Any) -> None:
        self.tag = tag
        super().__init__(
            name, PREFIX + path, description=description, depth=2, error_handler=_refuse, **kw
        )

    def get(self, **options: Any) -> Callable[[View], View]:
        """Declare the view of GET, and with it HEAD."""
        return self._declare("GET", options)

    def post(self, **options: Any) -> Callable[[View], View]:
        """Declare the view of POST."""
        return self._declare("POST", options)

    def put(self, **options: Any) -> Callable[[View], View]:
        """Declare the view of PUT."""
        return self._declare("PUT", options)

    def patch(self, **options: Any) -> Callable[[View], View]:
        """Declare the view of PATCH."""
        return self._declare("PATCH", options)

    def delete(self, **options: Any) -> Callable[[View], View]:
        """Declare the view of DELETE."""
        return self._declare("DELETE", options)

    def _declare(self, method: str, options: dict[str, Any]) -> Callable[[View], View]:
        def declare(view: View) -> View:
            self.add_view(method, view, **options)
            return view

        return declare

    def add_view(self, method: str, view: Callable[[Request], Any], **kw: Any) -> None:
        """Add a view; see :class:`Operation` for the options."""
        permission = kw.pop("permission", None)
        if not isinstance(permission, Permission):
            raise TypeError(
                f"{method} {self.path} names no permission; say permission=Permission.…"
            )
        public = permission is Permission.PUBLIC
        summary, _, description = (inspect.getdoc(view) or "").partition("\n\n")
        operation = Operation(
            service=self.name,
            method=method.upper(),
            path=self.path,
            permission=permission,
            summary=" ".join(summary.split()).rstrip("."),
            description=description.strip(),
            tag=self.tag,
            feature=kw.pop("feature", None if public else DEFAULT_FEATURE),
            limit=kw.pop("limit", None),
            rate=kw.pop("rate", None),
            **{name: kw.pop(name) for name in _OWN_OPTIONS if name in kw},
        )
        super().add_view(
            method,
            view,
            permission=permission.value,
            feature=operation.feature,
            limit=operation.limit,
            rate=operation.rate,
            operation=operation,
            **kw,
        )


_OWN_OPTIONS = (
    "body",
    "query",
    "status",
    "shape",
    "etag",
    "precondition",
    "media",
    "request_media",
    "secret",
    "raises",
    "others",
)


def _refuse(request: Request) -> Exception:
    """Cornice's own refusals (406, 415), raised by it, in our shape."""
    return BY_STATUS.get(request.errors.status, InvalidRequest)()

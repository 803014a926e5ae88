"""``/auth``: logging in and out by cookie, and who is calling."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..addresses import email_key
from ..errors import Invalid, TooManyRequests
from ..presenters.members import CALLER, present_caller
from ..presenters.shapes import ID as ID_SHAPE, MESSAGE_ONLY, TEXT, enveloped, many, obj
from ..rest import Service
from ..schemas.members import LoginBody
from ..security import Permission
from ..security.policy import COOKIE
from ..security.secrets import csrf_token
from ..services.logins import end_session, matching_members, start_session, workspaces_of

if TYPE_CHECKING:
    from pyramid.request import Request

TAG = "Authentication"

login = Service("login", "/auth/login", description="Logging in.", tag=TAG)
logout = Service("logout", "/auth/logout", description="Logging out.", tag=TAG)
me = Service("me", "/auth/me", description="Who is calling.", tag=TAG)

WORKSPACE = obj(id=ID_SHAPE, name=TEXT, slug=TEXT)


@login.post(
    permission=Permission.PUBLIC,
    body=LoginBody(),
    shape=enveloped(obj(csrf_token=TEXT, workspaces=many(WORKSPACE)), message=True),
    raises=(TooManyRequests,),
)
def log_in(request: Request) -> dict[str, Any]:
    """Log in with e-mail address and password; sets an HttpOnly cookie.

    Unsafe requests then need the returned token as ``X-CSRF-Token``, and ``X-Workspace`` where
    the person works in several workspaces.
    """
    email, password = request.validated["email"], request.validated["password"]
    _throttle(request, email)
    with request.reading_session() as session:
        members = matching_members(session, email, password)
    if not members:
        raise Invalid({"email": ["These credentials do not match our records."]})
    application = request.registry.support
    lifetime: float = application.settings["support.session.lifetime"]
    secret = start_session(request.dbsession, members, now=application.clock(), seconds=lifetime)
    _set_cookie(request, secret, max_age=int(lifetime))
    return {
        "data": {
            "csrf_token": csrf_token(secret),
            "workspaces": workspaces_of(request.dbsession, members),
        },
        "message": "Logged in successfully",
    }


@logout.post(permission=Permission.MEMBER, feature=None, shape=MESSAGE_ONLY)
def log_out(request: Request) -> dict[str, Any]:
    """End the login this cookie belongs to."""
    if request.caller.session_id is not None:
        end_session(request.desk.session, request.caller.session_id)
    request.response.delete_cookie(COOKIE, path="/api/support")
    return {"message": "Logged out successfully"}


@me.get(permission=Permission.MEMBER, feature=None, shape=enveloped(CALLER))
def show_caller(request: Request) -> dict[str, Any]:
    """Tell who is calling, in which workspace, and with which permissions."""
    caller = request.caller
    cookie = request.cookies.get(COOKIE)
    token = csrf_token(cookie) if caller.via == "session" and cookie else None
    return {"data": present_caller(caller, token)}


def _throttle(request: Request, email: str) -> None:
    """Count the attempt against the address written to and the address it comes from."""
    limits = request.registry.support.ratelimits
    keys = (f"email:{email_key(email)}", f"address:{request.remote_addr}")
    standings = [it for key in keys if (it := limits.count(("login",), key)) is not None]
    if not standings:
        return
    tightest = min(standings, key=lambda it: (it.allowed, it.remaining))
    headers = tightest.headers()
    if not tightest.allowed:
        raise TooManyRequests(headers=headers)
    request.add_response_callback(lambda _request, answer: answer.headers.update(headers))


def _set_cookie(request: Request, secret: str, *, max_age: int) -> None:
    mode = request.registry.support.settings["support.session.secure"]
    secure = mode == "always" or (mode == "auto" and request.scheme == "https")
    request.response.set_cookie(
        COOKIE,
        secret,
        max_age=max_age,
        path="/api/support",
        secure=secure,
        httponly=True,
        samesite="Lax",
    )

"""What every request can do: its session, its desk, its id."""

from __future__ import annotations

import re
from contextlib import contextmanager
from functools import partial
from secrets import token_hex
from typing import TYPE_CHECKING

from zope.sqlalchemy.datamanager import STATUS_CHANGED, join_transaction

from ..desk import Desk
from ..errors import Forbidden, NotFound
from ..identity import Actor
from ..models import Workspace
from ..places import GIVE_WAY
from ..security.policy import SAFE_METHODS
from .bodies import body_up_to, read_body
from .uploads import form_parts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from pyramid.config import Configurator
    from pyramid.request import Request

    from ..db import WorkspaceSession

_ACCEPTABLE_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


def request_id(request: Request) -> str:
    """Return the id of this request: the caller's, where it is a sane one, else a new one."""
    given = request.headers.get("X-Request-Id", "")
    return given if _ACCEPTABLE_ID.fullmatch(given) else token_hex(16)


def may_write(request: Request) -> bool:
    """Tell whether pyramid_tm has something to commit or roll back for this request."""
    return request.method not in SAFE_METHODS


def dbsession(request: Request) -> WorkspaceSession:
    """Return the request's session: pyramid_tm ends its transaction, or for reading its closing."""
    write = may_write(request)
    session: WorkspaceSession = request.registry.support.database.session(write=write)
    if write:
        # Joined here and now: zope.sqlalchemy.register would hang seven listeners on each session
        # to find out what is known already.
        join_transaction(session, STATUS_CHANGED, request.tm)
    else:
        request.add_finished_callback(lambda _request: session.close())
    return session


@contextmanager
def reading_session(request: Request) -> Iterator[WorkspaceSession]:
    """Yield a session for reading before the request's own transaction may begin.

    A safe request reads on its own session; an unsafe one on another, so that nobody takes the
    write lock before we know who it is.
    """
    if request.method in SAFE_METHODS:
        yield request.dbsession
    else:
        with request.registry.support.database.transaction(write=False) as session:
            yield session


def give_way(request: Request) -> None:
    """Let another request be worked on in our place, for from here on this one waits for others.

    For a view that waits for a server far away, or for a commit that others make; no transaction
    of its own may be open. Under servers other than our own it does nothing.
    """
    leave = request.environ.get(GIVE_WAY)
    if leave is not None:
        leave()


def between_transactions(request: Request) -> Callable[[], AbstractContextManager[Desk]]:
    """Commit what the gates have written, so that no lock is held while a view waits for others.

    Returns what opens desks of the caller's workspace meanwhile, each with a transaction of its
    own. What the request itself writes afterwards is another one, which begins with the first
    statement.
    """
    workspace_id = request.desk.workspace_id
    _commit(request)
    request.give_way()
    return partial(request.registry.support.desk, workspace_id)


def end_looking(request: Request) -> None:
    """End what the request has read in, so that no lock is held; nothing may be written yet."""
    if may_write(request) and request.dbsession.in_transaction():
        _commit(request)


def _commit(request: Request) -> None:
    request.tm.commit()
    request.tm.begin()
    join_transaction(request.dbsession, STATUS_CHANGED, request.tm)


def desk(request: Request) -> Desk:
    """Return the desk of the caller's workspace, or one without a workspace for nobody."""
    session: WorkspaceSession = request.dbsession
    caller = request.caller
    actor = Actor(address=request.remote_addr, request_id=request.request_id)
    if caller is None:
        return Desk(request.registry.support, session, actor=actor)
    session.workspace_id = caller.workspace_id
    actor = Actor(
        user_id=caller.user_id,
        name=caller.user_name,
        token_id=caller.token_id,
        address=request.remote_addr,
        request_id=request.request_id,
    )
    return Desk(request.registry.support, session, actor=actor, plan=caller.plan)


def workspace_desk(request: Request, workspace_id: int) -> Desk:
    """Return a desk on the request's own transaction, for a public view.

    The view has made out the workspace by itself, by a provider's signature for example. Raises
    ``NotFound`` for a workspace that does not exist, and ``Forbidden`` for a caller of another.
    """
    session: WorkspaceSession = request.dbsession
    if session.workspace_id not in {None, workspace_id}:
        raise Forbidden
    workspace = session.get(Workspace, workspace_id)
    if workspace is None:
        raise NotFound
    session.workspace_id = workspace_id
    actor = Actor(address=request.remote_addr, request_id=request.request_id)
    return Desk(request.registry.support, session, actor=actor, plan=workspace.plan)


def includeme(config: Configurator) -> None:
    """Add them to the request."""
    config.add_request_method(request_id, reify=True)
    config.add_request_method(dbsession, reify=True)
    config.add_request_method(desk, reify=True)
    config.add_request_method(read_body, "raw_body", reify=True)
    config.add_request_method(form_parts, reify=True)
    config.add_request_method(body_up_to)
    config.add_request_method(reading_session)
    config.add_request_method(workspace_desk)
    config.add_request_method(give_way)
    config.add_request_method(end_looking)
    config.add_request_method(between_transactions)

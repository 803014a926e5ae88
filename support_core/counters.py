"""Counters: numbers per workspace without gaps and repeats, whatever runs at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import bindparam, update

from .db import Prepared
from .models import Counter

if TYPE_CHECKING:
    from .db import WorkspaceSession

_counter = Counter.__table__.c
_ADVANCE = Prepared(
    update(Counter.__table__)
    .where(
        _counter.workspace_id == bindparam("of_workspace"), _counter.name == bindparam("of_name")
    )
    .values(value=_counter.value + bindparam("amount"))
    .returning(_counter.value)
)


def advance(session: WorkspaceSession, name: str, amount: int = 1) -> int:
    """Take the next ``amount`` numbers of a counter and return the last of them.

    The counter's row is locked until the commit, which orders those who take.
    """
    ((last,),) = session.fetch(_ADVANCE, {"of_name": name, "amount": amount})
    return int(last)

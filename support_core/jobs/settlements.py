"""Writing what became of claimed jobs, fenced: who lost a job in between changes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy import bindparam, case, delete, literal_column, select, update

from .outbox import TABLE, is_keyed

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from .claims import Claim

#: done: over, the row goes. retry: delayed until ``due_at``. dead: failed for good.
#: released: handed back as if never claimed. interrupted: handed back, but it had begun.
Outcome = Literal["done", "retry", "dead", "released", "interrupted"]


@dataclass(frozen=True)
class Settlement:
    """What is to be written about one claim.

    ``message`` is the encoded message to keep for a retry, ``fresh`` the one without the marks of
    earlier attempts, for a job that starts anew because its key was asked for again.
    """

    claim: Claim
    outcome: Outcome
    message: bytes = b""
    fresh: bytes = b""
    due_at: datetime | None = None
    last_error: str | None = None

    @property
    def may_delay(self) -> bool:
        """Whether the job may wait for its next time once this is written."""
        return self.outcome == "retry" or is_keyed(self.claim.message_id)


_fence = (
    (TABLE.c.id == bindparam("fence_id"))
    & (TABLE.c.owner == bindparam("fence_owner"))
    & (TABLE.c.attempt == bindparam("fence_attempt"))
)
_not_again = TABLE.c.again_at.is_(None)
_nobody: dict[str, Any] = {"owner": None, "lease_until": None}


_moment: Any = bindparam("moment", type_=TABLE.c.updated_at.type)


def later_again(moment: Any) -> Any:
    """Return what is kept of a further run that was asked for: one that is not due by ``moment``.

    The run that begins anew is as good as one that is due by then.
    """
    return case((TABLE.c.again_at > moment, TABLE.c.again_at), else_=None)


def _state(name: str) -> Any:
    return literal_column(f"'{name}'")


_STATEMENTS: dict[str, Any] = {
    "done": delete(TABLE).where(_fence, _not_again),
    "retry": update(TABLE)
    .where(_fence)
    .values(
        state=_state("delayed"),
        due_at=bindparam("due", type_=TABLE.c.due_at.type),
        message=bindparam("kept"),
        last_error=bindparam("error"),
        updated_at=_moment,
        again_at=later_again(bindparam("due", type_=TABLE.c.due_at.type)),
        **_nobody,
    ),
    "dead": update(TABLE)
    .where(_fence, _not_again)
    .values(
        state=_state("dead"),
        last_error=bindparam("error"),
        updated_at=bindparam("moment"),
        **_nobody,
    ),
    "released": update(TABLE)
    .where(_fence)
    .values(
        state=_state("queued"),
        attempt=TABLE.c.attempt - 1,
        updated_at=_moment,
        again_at=later_again(_moment),
        **_nobody,
    ),
    "interrupted": update(TABLE)
    .where(_fence)
    .values(state=_state("queued"), updated_at=_moment, again_at=later_again(_moment), **_nobody),
}

#: Comes after "done" and "dead", which leave such rows alone: they wait for whoever is asking for
#: the key at the same time, and then see that it was asked for.
_AGAIN = (
    update(TABLE)
    .where(_fence, TABLE.c.again_at.is_not(None))
    .values(
        state=_state("delayed"),
        due_at=TABLE.c.again_at,
        message=bindparam("kept"),
        attempt=0,
        updated_at=bindparam("moment"),
        again_at=None,
        **_nobody,
    )
)

_AGAIN_NAMES = frozenset(_AGAIN.compile().params)
_NAMES = {name: frozenset(sql.compile().params) for name, sql in _STATEMENTS.items()}


def lock_free(connection: Connection, settlements: Sequence[Settlement]) -> set[int]:
    """Lock the rows of settlements that nobody else has locked; return their ids."""
    free = (
        select(TABLE.c.id)
        .where(TABLE.c.id.in_([settlement.claim.id for settlement in settlements]))
        .order_by(TABLE.c.id)
        .with_for_update(skip_locked=True)
    )
    return set(connection.execute(free).scalars())


def write(connection: Connection, settlements: Sequence[Settlement], *, moment: datetime) -> int:
    """Write settlements; return how many found their row, the others had lost it."""
    found = 0
    # In the order of ids, as everybody locks them: two processes cannot wait for each other.
    ordered = sorted(settlements, key=lambda settlement: settlement.claim.id)
    for outcome, statement in _STATEMENTS.items():
        batch = [settlement for settlement in ordered if settlement.outcome == outcome]
        if batch:
            found += _execute(connection, statement, _rows(batch, _NAMES[outcome], moment))
    keyed = [
        settlement
        for settlement in ordered
        if settlement.outcome in ("done", "dead") and is_keyed(settlement.claim.message_id)
    ]
    if keyed:
        found += _execute(connection, _AGAIN, _rows(keyed, _AGAIN_NAMES, moment, fresh=True))
    return found


def _rows(
    batch: Iterable[Settlement], names: frozenset[str], moment: datetime, *, fresh: bool = False
) -> list[dict[str, Any]]:
    rows = []
    for settlement in batch:
        values = {
            "fence_id": settlement.claim.id,
            "fence_owner": settlement.claim.owner,
            "fence_attempt": settlement.claim.attempt,
            "due": settlement.due_at,
            "kept": settlement.fresh if fresh else settlement.message,
            "error": settlement.last_error,
            "moment": moment,
        }
        rows.append({name: value for name, value in values.items() if name in names})
    return rows


def _execute(connection: Connection, statement: Any, rows: list[dict[str, Any]]) -> int:
    found: int = connection.execute(statement, rows).rowcount
    return found

"""Keeping webhooks as they come: many requests, one transaction.

A request waits until what it brought is committed, and answers then. Whoever finds nobody writing
writes for all who wait, so that the more come at once, the less each of them costs.
"""

from __future__ import annotations

import hashlib
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, literal_column, select

from support_core.plugin_api import Prepared, upsert

from .handling import handle
from .models import WhatsAppPayload

if TYPE_CHECKING:
    from collections.abc import Sequence

    from support_core.plugin_api import Application, Desk

#: Seconds without a webhook after which the desk works on what has come in.
QUIET = 0.05
#: Seconds for which that work is put off at most, between two of its transactions.
PATIENCE = 2.0

_payload = WhatsAppPayload.__table__.c
#: One webhook of an account that waits. The state stands in the SQL, as the index has it.
WAITING = Prepared(
    select(_payload.id)
    .where(
        _payload.workspace_id == bindparam("workspace_id"),
        _payload.account_id == bindparam("account_id"),
        _payload.state == literal_column("'received'"),
    )
    .limit(1)
)


@dataclass
class Received:
    """A webhook that waits to be kept."""

    workspace_id: int
    account_id: int
    body: bytes = field(repr=False)
    kept: bool = False


class Intake:
    """Keeps webhooks; one for each process."""

    def __init__(self, application: Application) -> None:
        self._application = application
        self._queue = threading.Lock()
        self._writing = threading.Lock()
        self._waiting: list[Received] = []
        self._last = 0.0

    def keep(self, workspace_id: int, account_id: int, body: bytes) -> None:
        """Return once the webhook is committed; raises what the database raises."""
        mine = Received(workspace_id, account_id, body)
        self._last = time.monotonic()
        with self._queue:
            self._waiting.append(mine)
        with self._writing:
            if mine.kept:  # by the one who wrote before us
                return
            with self._queue:
                batch, self._waiting = self._waiting, []
            self._write(batch, mine)
            self._last = time.monotonic()

    def wait_for_quiet(self) -> None:
        """Let webhooks go first, for a moment: their senders do not wait, the work on them can."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until and self._is_busy():
            time.sleep(QUIET / 2)

    def _is_busy(self) -> bool:
        """Tell whether webhooks come in, or wait to be written."""
        return self._writing.locked() or time.monotonic() - self._last < QUIET

    def _write(self, batch: Sequence[Received], mine: Received) -> None:
        """Keep all of a batch; where that fails, only our own, for the others write theirs."""
        try:
            for workspace_id in {it.workspace_id for it in batch}:
                self._write_of(
                    workspace_id, [it for it in batch if it.workspace_id == workspace_id]
                )
        except Exception:
            left = [it for it in batch if not it.kept and it is not mine]
            with self._queue:
                self._waiting = [*left, *self._waiting]
            if not mine.kept:
                if len(batch) == 1:
                    raise
                self._write_of(mine.workspace_id, [mine])

    def _write_of(self, workspace_id: int, batch: Sequence[Received]) -> None:
        application = self._application
        now = application.clock()
        with application.database.transaction(workspace_id) as session:
            desk = application.desk_on(session)
            accounts = sorted({it.account_id for it in batch})
            worked_on = self._worked_on(desk, accounts)
            keys = ("workspace_id", "account_id", "digest")
            session.core(
                upsert(session, WhatsAppPayload, keys=keys),
                [
                    {
                        "workspace_id": workspace_id,
                        "account_id": it.account_id,
                        "digest": hashlib.sha256(it.body).hexdigest(),
                        "body": it.body,
                        "state": "received",
                        "attempts": 0,
                        "received_at": now,
                    }
                    for it in batch
                ],
            )
            for account_id in accounts:
                if account_id not in worked_on:
                    desk.enqueue(handle, account_id, key=str(account_id))
        for it in batch:
            it.kept = True

    def _worked_on(self, desk: Desk, accounts: Sequence[int]) -> set[int]:
        """Return which accounts have webhooks that wait, and with them the job that looks again.

        On SQLite nobody can end that job meanwhile, for we hold the right to write: it is not asked
        for again, which would call all workers. Elsewhere it could have ended just before us.
        """
        if self._application.database.dialect != "sqlite":
            return set()
        return {it for it in accounts if desk.session.fetch(WAITING, {"account_id": it})}

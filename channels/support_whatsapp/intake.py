"""Keeping webhooks as they come: many requests, one transaction.

A request waits until what it brought is committed, and answers then. Whoever finds nobody writing
writes for all who wait, and calls the first of those who came meanwhile to do the same. So the more
come at once, the less each of them costs.
"""

from __future__ import annotations

import hashlib
import threading
import time
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, literal_column, select

from support_core.plugin_api import Prepared, upsert

from .handling import TROUBLE, handle
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


#: Decrypted secrets that are kept, by what they were decrypted from: another one is never taken for
#: them, whoever changes or rotates it.
MOST_SECRETS = 256


def _closed() -> threading.Lock:
    lock = threading.Lock()
    lock.acquire()
    return lock


@dataclass(eq=False)
class Received:
    """A webhook that waits; ``called`` opens once it is kept, cannot be, or is to write."""

    workspace_id: int
    account_id: int
    body: bytes = field(repr=False)
    kept: bool = False
    error: BaseException | None = None
    called: threading.Lock = field(default_factory=_closed)


class Intake:
    """Keeps webhooks; one for each process."""

    def __init__(self, application: Application) -> None:
        self._application = application
        self._lock = threading.Lock()
        self._waiting: list[Received] = []
        self._writing = False
        self._last = 0.0
        self.decrypted = lru_cache(MOST_SECRETS)(application.keyring.decrypt)

    def keep(self, workspace_id: int, account_id: int, body: bytes) -> None:
        """Return once the webhook is committed; raises what the database raises."""
        mine = Received(workspace_id, account_id, body)
        with self._lock:
            self._last = time.monotonic()
            self._waiting.append(mine)
            called, self._writing = not self._writing, True
        if not called:
            mine.called.acquire()
        if not mine.kept and mine.error is None:
            self._write_for_all()
        if mine.error is not None:
            raise mine.error

    def wait_for_quiet(self) -> None:
        """Let webhooks go first, for a moment: their senders do not wait, the work on them can."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until and self._is_busy():
            time.sleep(QUIET / 2)

    def _is_busy(self) -> bool:
        """Tell whether webhooks come in, or wait to be written."""
        return self._writing or time.monotonic() - self._last < QUIET

    def _write_for_all(self) -> None:
        """Keep all that wait, ours among them; then tell those who brought them."""
        with self._lock:
            batch, self._waiting = self._waiting, []
        try:
            self._write(batch)
        except BaseException as error:
            for it in batch:
                it.error = None if it.kept else it.error or error
            raise
        finally:
            with self._lock:
                self._last = time.monotonic()
                following = self._waiting[:1]
                self._writing = bool(following)
            for it in (*following, *batch):
                it.called.release()

    def _write(self, batch: Sequence[Received]) -> None:
        for workspace_id in {it.workspace_id for it in batch}:
            self._write_or_note(
                workspace_id, [it for it in batch if it.workspace_id == workspace_id]
            )

    def _write_or_note(self, workspace_id: int, batch: Sequence[Received]) -> None:
        """Keep some; where one of them cannot be, the others all the same.

        What is wrong with the database is raised, for it is so for all.
        """
        try:
            self._write_of(workspace_id, batch)
        except TROUBLE:
            raise
        except Exception as error:  # noqa: BLE001 - raised by who brought it
            if len(batch) == 1:
                batch[0].error = error
                return
            for it in batch:
                self._write_or_note(workspace_id, [it])

    def _write_of(self, workspace_id: int, batch: Sequence[Received]) -> None:
        application = self._application
        now = application.clock()
        with application.database.transaction(workspace_id) as session:
            desk = application.desk_on(session)
            accounts = sorted({it.account_id for it in batch})
            worked_on = self._worked_on(desk, accounts)
            session.core(
                upsert(session, WhatsAppPayload, keys=("workspace_id", "account_id", "digest")),
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

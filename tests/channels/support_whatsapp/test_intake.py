"""Keeping webhooks together: one writes for all who wait, and nobody is told what is not so."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError, OperationalError

from support_whatsapp.intake import Intake
from support_whatsapp.models import WhatsAppPayload
from tests.waiting import until

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import Future

    from support_core.testing import DeskUnderTest

    from .meta import Line

NOBODY = 2**50


class Crowd:
    """Webhooks that come while the first of them is being written."""

    def __init__(self, line: Line, desk: DeskUnderTest, monkeypatch: pytest.MonkeyPatch) -> None:
        self.intake: Intake = desk.application.extensions["whatsapp"]
        self.batches: list[list[bytes]] = []
        self.trouble: BaseException | None = None
        self._line = line
        self._desk = desk
        self._go_on = threading.Event()
        write = Intake._write_of

        def slowly(intake: Intake, workspace_id: int, batch: Sequence[Any]) -> None:
            self.batches.append([it.body for it in batch])
            if len(self.batches) == 1:
                assert self._go_on.wait(60)
            elif self.trouble is not None:
                raise self.trouble
            write(intake, workspace_id, batch)

        monkeypatch.setattr(Intake, "_write_of", slowly)

    def comes(self, *accounts: int | None) -> list[Future[None]]:
        """Bring one webhook, then one for each of ``accounts``; return what came of each."""
        workspace_id = self._line.workspace.id
        with ThreadPoolExecutor(len(accounts) + 1) as threads:
            first = threads.submit(self.intake.keep, workspace_id, self._line.id, b'"first"')
            until(lambda: self.batches, "the first is being written")
            others = []
            for number, account in enumerate(accounts):
                body = f"{number}".encode()
                account_id = account or self._line.id
                others.append(threads.submit(self.intake.keep, workspace_id, account_id, body))
                until(lambda n=number: len(self.intake._waiting) == n + 1, "it waits")  # type: ignore[misc]
            self._go_on.set()
        return [first, *others]

    def kept(self) -> set[bytes | None]:
        """Return the bodies that are in the database."""
        with self._desk.application.database.transaction(self._line.workspace.id) as session:
            return set(session.scalars(select(WhatsAppPayload.body)))


@pytest.fixture
def crowd(line: Line, desk: DeskUnderTest, monkeypatch: pytest.MonkeyPatch) -> Crowd:
    return Crowd(line, desk, monkeypatch)


def test_those_who_come_while_one_is_written_are_written_together(crowd: Crowd) -> None:
    for came in crowd.comes(None, None, None):
        came.result(60)
    assert crowd.batches == [[b'"first"'], [b"0", b"1", b"2"]]
    assert crowd.kept() == {b'"first"', b"0", b"1", b"2"}


def test_one_that_cannot_be_kept_spoils_nothing_for_those_beside_it(crowd: Crowd) -> None:
    first, before, nobodys, after = crowd.comes(None, NOBODY, None)
    for came in (first, before, after):
        came.result(60)
    with pytest.raises(IntegrityError):
        nobodys.result(60)
    assert crowd.kept() == {b'"first"', b"0", b"2"}


@pytest.mark.parametrize(
    "trouble", [OperationalError("INSERT", {}, Exception("disk full")), KeyboardInterrupt()]
)
def test_nobody_is_told_that_a_webhook_is_kept_which_is_not(
    crowd: Crowd, trouble: BaseException
) -> None:
    crowd.trouble = trouble
    first, *others = crowd.comes(None, None)
    first.result(60)
    for came in others:
        with pytest.raises(type(trouble)):
            came.result(60)
    assert crowd.kept() == {b'"first"'}
    crowd.trouble = None
    for came in crowd.comes():  # and the next are kept again
        came.result(60)

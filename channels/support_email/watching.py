"""Watching mailboxes: one unit for each, which fetches what is there and then waits for more."""

from __future__ import annotations

import random
import time
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

import structlog
from sqlalchemy import select

from support_core.plugin_api import Mailbox, Runner

from .account import account_of, row_of
from .fetching import Fetcher
from .ledger import TROUBLE
from .models import EmailAccount
from .problems import MailServerError
from .sessions import Sessions
from .settings import POLL
from .status import LONGEST_PAUSE, note_failure, note_success

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterator

    from support_core.plugin_api import Application, Desk, OpenDesk, RunnerContext

    from .account import Account
    from .imap import ImapSession

log = structlog.get_logger(__name__)

#: Seconds after which IDLE is begun anew; servers end it after 29 minutes (RFC 2177), and what
#: translates addresses on the way forgets quiet connections much earlier.
IDLE_SECONDS = 240.0

#: Seconds between two looks at whether the unit is to end or the settings have changed.
LOOK_EVERY = 1.0
SETTINGS_EVERY = 5.0


class SettingsChanged(Exception):
    """The mailbox is configured anew, deleted or switched off: its unit begins again."""


def units(application: Application) -> list[str]:
    """Return a unit ``workspace/mailbox`` for each active mailbox that has an IMAP server."""
    with application.desk(None, write=False) as desk:
        rows = desk.session.execute(
            select(EmailAccount.workspace_id, EmailAccount.mailbox_id)
            .join(
                Mailbox,
                (Mailbox.workspace_id == EmailAccount.workspace_id)
                & (Mailbox.id == EmailAccount.mailbox_id),
            )
            .where(
                EmailAccount.imap_host.is_not(None),
                Mailbox.is_active,
                Mailbox.deleted_at.is_(None),
            ),
            execution_options={"unscoped": "the mailboxes of all workspaces are watched"},
        )
        return [f"{row.workspace_id}/{row.mailbox_id}" for row in rows]


def watch(context: RunnerContext) -> None:
    """Watch one mailbox until the end; what fails is noted, shown, and tried again."""
    workspace_id, mailbox_id = (int(it) for it in context.unit.split("/"))
    open_desk = partial(context.desk, workspace_id)
    while not context.ending:
        try:
            _watch_once(context, open_desk, mailbox_id)
        except SettingsChanged:
            return
        except (MailServerError, *TROUBLE) as error:
            log.info("mail_not_fetched", mailbox_id=mailbox_id, error=type(error).__name__)
            if not context.ending:
                _pause(context, open_desk, mailbox_id, _told(error))
        except Exception as error:  # a mailbox that stays silent would be the worst of all
            log.exception("mail_watcher_failed", mailbox_id=mailbox_id)
            _pause(context, open_desk, mailbox_id, _told(error))


def fetch_once(open_desk: OpenDesk, mailbox_id: int) -> Counter[str]:
    """Look into a mailbox once; return how many mails came to which state.

    Raises ``MailServerError``, and what is wrong with database or disk; both are noted.
    """
    try:
        with _session(open_desk, mailbox_id) as (account, session):
            fetcher = Fetcher(open_desk, account, session)
            counts = fetcher.catch_up(fetcher.begin())
            with open_desk() as desk:
                note_success(desk, mailbox_id)
            return counts
    except (MailServerError, *TROUBLE) as error:
        with open_desk() as desk:
            note_failure(desk, mailbox_id, _told(error))
        raise


def _watch_once(context: RunnerContext, open_desk: OpenDesk, mailbox_id: int) -> None:
    with _session(open_desk, mailbox_id) as (account, session):
        fetcher = Fetcher(open_desk, account, session)
        fetcher.catch_up(fetcher.begin(), ending=lambda: context.ending)
        while not context.ending:
            with open_desk() as desk:
                note_success(desk, mailbox_id)
                poll: float = desk.settings[POLL]
            look = _Look(context, account)
            if session.can_idle:
                _idle(context, session, look)
            else:
                _wait(context, poll, look)
                session.check()
            fetcher.catch_up(ending=lambda: context.ending)


class _Look:
    """Looks now and then at whether the settings are still those the session was opened with."""

    def __init__(self, context: RunnerContext, account: Account) -> None:
        self._context = context
        self._account = account
        self._next = time.monotonic() + SETTINGS_EVERY

    def __call__(self) -> None:
        """Raise ``SettingsChanged`` where they are not."""
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + SETTINGS_EVERY
        with self._context.desk(self._account.workspace_id, write=False) as desk:
            row = row_of(desk, self._account.mailbox_id)
            if row is None or row.generation != self._account.generation:
                raise SettingsChanged


def _idle(context: RunnerContext, session: ImapSession, look: _Look) -> None:
    """Wait for word of new mail; return when there is some, or from time to time."""
    until = time.monotonic() + IDLE_SECONDS * random.uniform(0.9, 1.0)  # noqa: S311 - no secret
    session.idle()
    while not context.ending and time.monotonic() < until:
        if session.news(LOOK_EVERY):
            break
        look()
    session.end_idle()


def _wait(context: RunnerContext, seconds: float, look: _Look) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until and not context.wait(min(LOOK_EVERY, seconds)):
        look()


def _pause(context: RunnerContext, open_desk: OpenDesk, mailbox_id: int, message: str) -> None:
    """Note a failure, and wait as long as that calls for, or until the settings have changed."""
    try:
        with open_desk() as desk:
            pause = note_failure(desk, mailbox_id, message)
            account = account_of(desk, mailbox_id)
    except TROUBLE:  # the failure itself cannot be noted: the watching host logs why
        context.wait(LONGEST_PAUSE / 60)
        return
    if account is None:
        raise SettingsChanged
    _wait(context, pause, _Look(context, account))


def _told(error: Exception) -> str:
    """Say in words for the API what went wrong."""
    if isinstance(error, MailServerError):
        return f"{error.step}: {error.message}"
    if isinstance(error, OSError) and error.strerror:
        return f"fetch: The desk cannot store mail: {error.strerror}."
    if isinstance(error, TROUBLE):
        return "fetch: The desk cannot store mail for the moment."
    return "fetch: The desk failed unexpectedly; its log says more."


@contextmanager
def _session(open_desk: OpenDesk, mailbox_id: int) -> Iterator[tuple[Account, ImapSession]]:
    with open_desk() as desk:
        account, sessions = _account(desk, mailbox_id), Sessions(desk, open_desk)
    session = sessions.imap(account)
    try:
        yield account, session
    finally:
        session.close()


def _account(desk: Desk, mailbox_id: int) -> Account:
    account = account_of(desk, mailbox_id)
    if account is None or account.imap is None:
        raise MailServerError("connect", "The mailbox has no IMAP server.")
    return account


RUNNERS = (Runner("email.watch", units, watch),)

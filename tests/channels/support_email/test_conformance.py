"""The e-mail channel passes the kit that every channel must pass, against real mail servers."""

from __future__ import annotations

from email import message_from_bytes, policy
from itertools import count
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from support_core.testing.conformance import Attempt, ChannelConformance, FarSide, Incoming
from support_email.models import EmailRef
from support_email.problems import MailServerError
from support_email.watching import fetch_once
from tests.services.smtp import SmtpServer

from .wire import Post, a_mail, a_post, smtp_fields

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from support_core.testing import TestWorkspace
    from tests.services.databases import Databases
    from tests.services.dovecot import Dovecot


NUMBERS = count(1)


def address(sender: int) -> str:
    return f"customer{sender}@customer.example"


class MailSide(FarSide):
    """Customers with mail programs, and the servers between them and the desk."""

    def __init__(self, dovecot: Dovecot, smtp: SmtpServer) -> None:
        self._dovecot = dovecot
        self._smtp = smtp
        self._posts: dict[int, Post] = {}

    def mailbox(self, workspace: TestWorkspace) -> int:
        post = a_post(workspace, self._dovecot, **smtp_fields(self._smtp))
        self._posts[post.mailbox_id] = post
        return post.mailbox_id

    def identity(self, sender: int) -> Mapping[str, str]:
        return {"email": address(sender)}

    def write(self, workspace: TestWorkspace, mailbox_id: int, message: Incoming) -> None:
        post = self._posts[mailbox_id]
        answered = self._last_mail(workspace, message.conversation_id)
        mail = a_mail(
            message.body,
            sender=address(message.sender),
            to=post.address,
            files=tuple(message.attachments),
            Message_ID=f"<{message.id}@customer.example>",
            In_Reply_To=f"<{answered}>" if answered else "",
        )
        post.deliver(mail)
        counts = fetch_once(workspace.desk, mailbox_id)
        assert counts["filed"] + counts["duplicate"] == 1

    def attempts(self) -> Sequence[Attempt]:
        found = []
        for taken in self._smtp.mails:
            mail = message_from_bytes(taken.content, policy=policy.default)
            body = mail.get_body(("plain",))
            assert body is not None
            files = tuple(str(it.get_filename()) for it in mail.iter_attachments())
            found.append(Attempt(mail["Message-ID"], body.get_content().strip(), files))
        return found

    def refuse_next(self, *, permanent: bool) -> str:
        answer = "554 5.7.1 We do not want it" if permanent else "451 4.3.0 Not just now"
        self._smtp.answers.append(answer)
        return answer

    def close_window(self, workspace: TestWorkspace, mailbox_id: int, conversation_id: int) -> bool:
        assert conversation_id
        answer = workspace.owner.put(f"/mailboxes/{mailbox_id}", {"smtp_host": None})
        return bool(answer.status_int == 200)

    def break_health(self, workspace: TestWorkspace, mailbox_id: int) -> bool:
        workspace.owner.put(f"/mailboxes/{mailbox_id}", {"imap_password": "wrong"})
        with pytest.raises(MailServerError):
            fetch_once(workspace.desk, mailbox_id)
        return True

    def _last_mail(self, workspace: TestWorkspace, conversation_id: int | None) -> str | None:
        with workspace.desk(write=False) as desk:
            return desk.session.execute(
                select(EmailRef.message_id)
                .where(
                    EmailRef.conversation_id == conversation_id,
                    EmailRef.direction.in_(("in", "out")),
                )
                .order_by(EmailRef.thread_id.desc())
                .limit(1)
            ).scalar_one_or_none()


class TestEmail(ChannelConformance):
    plugin = "email"

    @pytest.fixture(scope="class")
    @classmethod
    def database_url(cls, databases: Databases) -> str:
        return databases.create(f"email_conformance_{next(NUMBERS)}")

    @pytest.fixture(scope="class")
    @classmethod
    def far_side(cls, dovecot: Dovecot) -> Iterator[MailSide]:
        with SmtpServer() as smtp:
            yield MailSide(dovecot, smtp)

"""A mail comes in by IMAP, is answered by SMTP, and the answer to that comes back."""

from __future__ import annotations

from email.utils import getaddresses
from typing import TYPE_CHECKING

from .wire import a_mail, a_post, smtp_fields

if TYPE_CHECKING:
    from support_core.testing import DeskUnderTest, TestWorkspace
    from tests.services.dovecot import Dovecot
    from tests.services.smtp import SmtpServer


def test_a_conversation_goes_there_and_back(
    desk: DeskUnderTest, workspace: TestWorkspace, dovecot: Dovecot, smtp: SmtpServer
) -> None:
    post = a_post(workspace, dovecot, signature="Kind regards", **smtp_fields(smtp))
    post.deliver(a_mail("Where is it?", to=post.address, files=(("photo.png", b"\x89PNG"),)))
    assert post.fetch() == {"filed": 1}
    (listed,) = post.conversations()
    assert listed["subject"] == "My order"
    shown = post.show(listed["id"])
    assert shown["channel"] == "email"
    assert shown["customer"]["email"] == "carla@customer.example"
    (thread,) = shown["threads"]
    assert thread["body_text"].strip() == "Where is it?"
    assert [it["name"] for it in thread["attachments"]] == ["photo.png"]

    answer = workspace.owner.post(f"/conversations/{listed['id']}/reply", {"body": "On its way."})
    assert answer.status_int == 201, answer.text
    desk.run_jobs()
    (sent,) = smtp.taken
    mail = sent.mail
    assert sent.recipients == ("carla@customer.example",)
    assert mail["Subject"] == "Re: My order"
    assert mail["In-Reply-To"] in mail["References"]
    assert "Kind regards" in mail.get_body(("plain",)).get_content()

    reply_to = getaddresses([mail["Reply-To"]])[0][1]
    back = a_mail("Thanks!", to=reply_to, subject="Something else", Message_ID="<n1@c.example>")
    post.deliver(back)
    assert post.fetch() == {"filed": 1}
    (listed,) = post.conversations()
    threads = post.show(listed["id"])["threads"]
    assert [it["type"] for it in threads] == ["customer", "message", "customer"]

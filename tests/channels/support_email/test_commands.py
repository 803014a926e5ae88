"""``support-core mail``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result

from support_email import incoming
from support_email.commands import mail

from .wire import Post, a_mail, a_post, smtp_fields

if TYPE_CHECKING:
    from pathlib import Path

    from support_core.testing import Client, DeskUnderTest, TestWorkspace
    from tests.services.dovecot import Dovecot
    from tests.services.smtp import SmtpServer


class Shell:
    """Runs the plugin's commands on the application of the tests."""

    def __init__(self, desk: DeskUnderTest) -> None:
        self.application = desk.application

    def __call__(self, *arguments: str) -> Result:
        return CliRunner().invoke(mail, arguments, obj=self)

    def said(self, *arguments: str) -> str:
        result = self(*arguments)
        assert result.exit_code == 0, result.output
        return result.stdout


@pytest.fixture
def shell(desk: DeskUnderTest) -> Shell:
    return Shell(desk)


@pytest.fixture
def post(workspace: TestWorkspace, dovecot: Dovecot) -> Post:
    return a_post(workspace, dovecot)


def mailbox(post: Post) -> tuple[str, str]:
    return "--mailbox", str(post.mailbox_id)


def test_mail_is_fetched_and_the_ledger_shown(shell: Shell, post: Post) -> None:
    post.deliver(a_mail("Hello", subject="Ahoy"))
    assert shell.said("fetch", *mailbox(post)) == "1 filed\n"
    assert shell.said("fetch", *mailbox(post)) == "nothing new\n"
    told = shell.said("ledger", *mailbox(post))
    assert told.startswith("1 filed\n")
    assert "Ahoy" in told
    shown = json.loads(shell.said("ledger", *mailbox(post), "--json"))
    assert shown["counts"] == {"filed": 1}
    assert shown["mails"][0]["sender"] == "carla@customer.example"


def test_a_fetch_that_fails_names_the_step(shell: Shell, post: Post) -> None:
    post.workspace.owner.put(f"/mailboxes/{post.mailbox_id}", {"imap_password": "wrong"})
    result = shell("fetch", *mailbox(post))
    assert result.exit_code == 1
    assert "Step login: localhost refused the user name or password." in result.output


def test_held_mail_is_replayed(shell: Shell, post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaking(*_: object) -> None:
        raise RecursionError

    monkeypatch.setattr(incoming, "prepare", breaking)
    post.take(a_mail("One"), a_mail("Two"))
    assert shell.said("ledger", *mailbox(post), "--state", "quarantined").startswith("2 quar")
    monkeypatch.undo()
    shown = json.loads(shell.said("ledger", *mailbox(post), "--json"))["mails"]
    first, second = sorted(it["id"] for it in shown)
    assert shell.said("replay", *mailbox(post), str(first)) == f"{first}: filed\n"
    assert shell.said("replay", *mailbox(post), "--all") == f"{second}: filed\n"
    assert "not in the ledger" in shell.said("replay", *mailbox(post), "999999999")
    assert shell("replay", *mailbox(post)).exit_code == 2
    assert len(post.conversations()) == 2


def test_mail_is_imported(shell: Shell, post: Post, tmp_path: Path) -> None:
    for number in range(3):
        (tmp_path / f"{number}.eml").write_bytes(a_mail(f"Mail {number}"))
    assert shell.said("import", *mailbox(post), str(tmp_path)) == "3 filed\n"
    assert shell.said("import", *mailbox(post), str(tmp_path)) == "3 duplicate\n"


def test_what_the_desk_makes_of_a_mail_is_said_as_json(shell: Shell, tmp_path: Path) -> None:
    path = tmp_path / "mail.eml"
    path.write_bytes(a_mail("Hello\n\nOn Monday, Ann wrote:\n> Bye\n", subject="Ahoy"))
    said = json.loads(shell.said("inspect", str(path)))
    assert said["subject"] == "Ahoy"
    assert said["reply"].strip() == "Hello"
    assert said["file"] == str(path)


def test_servers_are_tried_out(
    shell: Shell, workspace: TestWorkspace, dovecot: Dovecot, smtp: SmtpServer
) -> None:
    good = a_post(workspace, dovecot, **smtp_fields(smtp))
    said = shell.said("test", *mailbox(good))
    assert "IMAP: Connected to localhost and selected INBOX." in said
    assert "SMTP: Connected to localhost without a login." in said
    half = a_post(workspace, dovecot)
    result = shell("test", *mailbox(half))
    assert result.exit_code == 1
    assert "SMTP: Step connect: The mailbox has no SMTP server." in result.output


def test_a_mailbox_that_is_not_there_is_a_usage_error(shell: Shell) -> None:
    result = shell("fetch", "--mailbox", "987654321")
    assert result.exit_code == 2
    assert "there is no mailbox 987654321" in result.output


def test_a_member_is_given_an_address_of_their_own_to_answer_at(
    workspace: TestWorkspace, smtp: SmtpServer
) -> None:
    post = a_post(workspace, **smtp_fields(smtp))
    post.take(a_mail(to=post.address))
    (conversation,) = post.conversations()
    path = f"/conversations/{conversation['id']}/reply-address"
    addresses = set()
    for number in range(2):
        email = f"agent{number}-{workspace.id}@desk.example"
        client: Client = workspace.client(user_id=workspace.member(email=email))
        address = client.get(path).json["data"]["address"]
        addresses.add(address)
        post.take(a_mail(f"By agent {number}", sender=email, to=address))
    assert len(addresses) == 2
    threads = post.show(conversation["id"])["threads"]
    assert [it["type"] for it in threads] == ["customer", "message", "message"]
    assert [it.recipients for it in smtp.taken] == [("carla@customer.example",)] * 2

"""A mailbox's mail servers in the API: stored, checked, tried out, never told."""

from __future__ import annotations

import socket
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text

from support_core.testing import assert_error, assert_invalid, make_desk
from tests.services.dovecot import Dovecot
from tests.services.process import LOOPBACK, free_port
from tests.services.smtp import SmtpServer

from .wire import a_mail, a_post, imap_fields, smtp_fields

if TYPE_CHECKING:
    from pathlib import Path

    from support_core.testing import DeskUnderTest, TestWorkspace


def test_a_mailbox_without_servers_shows_the_defaults_and_that_fetching_is_off(
    workspace: TestWorkspace,
) -> None:
    shown = a_post(workspace).mailbox()
    assert shown["imap_host"] is None
    assert shown["imap_encryption"] == "ssl"
    assert shown["smtp_encryption"] == "starttls"
    assert shown["imap_folder"] == "INBOX"
    assert shown["imap_status"] == {
        "state": "off",
        "last_success_at": None,
        "last_error": None,
        "lag_seconds": None,
        "next_attempt_at": None,
    }


def test_passwords_are_never_shown_are_encrypted_and_stay_when_left_out(
    workspace: TestWorkspace, dovecot: Dovecot
) -> None:
    post = a_post(
        workspace, dovecot, smtp_host="localhost", smtp_username="u", smtp_password="s3cret"
    )
    changed = workspace.owner.put(f"/mailboxes/{post.mailbox_id}", {"from_name": "The desk"})
    assert changed.status_int == 200
    for answer in (changed, workspace.owner.get(f"/mailboxes/{post.mailbox_id}")):
        assert dovecot.password not in answer.text
        assert "s3cret" not in answer.text
        assert "imap_password" not in answer.json["data"]
    with workspace.under_test.application.database.engine.connect() as connection:
        row = connection.execute(
            text("SELECT * FROM email_accounts WHERE mailbox_id = :id"), {"id": post.mailbox_id}
        ).one()
    assert dovecot.password not in repr(row)
    assert "s3cret" not in repr(row)
    post.deliver(a_mail())
    assert workspace.owner.post(f"/mailboxes/{post.mailbox_id}/test-imap").status_int == 200


@pytest.mark.parametrize(
    ("values", "field", "message"),
    [
        (
            {"imap_host": "mail.example.com"},
            "imap_username",
            "The imap username field is required.",
        ),
        ({"imap_host": "no host"}, "imap_host", "The imap host format is invalid."),
        ({"imap_port": 0}, "imap_port", "The imap port must be between 1 and 65535."),
        ({"smtp_encryption": "tls"}, "smtp_encryption", "The selected smtp encryption is invalid."),
        (
            {"smtp_host": "mail.example.com", "smtp_username": "me"},
            "smtp_password",
            "The smtp password field is required.",
        ),
        (
            {"imap_host": "mail.example.com", "imap_auth": "xoauth2", "imap_username": "me"},
            "oauth_refresh_token",
            "The oauth refresh token field is required.",
        ),
        (
            {"from_name": "Two\r\nBcc: lines"},
            "from_name",
            "The from name contains characters that are not allowed.",
        ),
    ],
)
def test_a_field_that_cannot_be_used_is_refused(
    workspace: TestWorkspace, values: dict[str, Any], field: str, message: str
) -> None:
    body = {"name": "Support", "email": "refused@desk.example", **values}
    answer = workspace.owner.post("/mailboxes", body)
    assert answer.status_int == 422
    assert answer.json["errors"][field] == [message]


def test_a_private_address_is_refused_unless_the_configuration_allows_it(tmp_path: Path) -> None:
    strict = make_desk(
        tmp_path,
        f"sqlite:///{tmp_path}/strict.sqlite",
        plugins=("email",),
        support__outgoing__allowed_networks="",
    )
    try:
        workspace = strict.workspace()
        servers = {"imap_username": "u", "imap_password": "p"}
        body = {"name": "S", "email": "s@desk.example", "imap_host": "127.0.0.1", **servers}
        assert_invalid(
            workspace.owner.post("/mailboxes", body),
            imap_host="The address 127.0.0.1 may not be reached from here.",
        )
        # A name is judged when it is looked up.
        body["imap_host"] = "localhost.localdomain"
        made = workspace.owner.post("/mailboxes", body | {"imap_host": "ip6-localhost"})
        assert made.status_int == 201
        path = f"/mailboxes/{made.json['data']['id']}/test-imap"
        answer = workspace.owner.post(path)
        assert_error(answer, 422, "imap_connection_failed")
        assert answer.json["step"] == "resolve"
    finally:
        strict.application.close()


@pytest.mark.parametrize("encryption", ["none", "starttls", "ssl"])
def test_a_test_answers_with_folders_and_the_number_of_mails(
    trusting: DeskUnderTest, dovecot: Dovecot, encryption: str
) -> None:
    workspace = trusting.workspace()
    port = dovecot.tls_port if encryption == "ssl" else dovecot.port
    post = a_post(workspace, dovecot, imap_encryption=encryption, imap_port=port)
    post.deliver(a_mail(), a_mail())
    answer = workspace.owner.post(f"/mailboxes/{post.mailbox_id}/test-imap")
    assert answer.status_int == 200, answer.text
    assert answer.json == {
        "success": True,
        "message": "Connected to localhost and selected INBOX.",
        "folders": ["INBOX"],
        "messages": 2,
    }


@pytest.fixture(scope="module")
def trusting(dovecot: Dovecot, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A desk that trusts the authority of the servers' certificates."""
    folder = tmp_path_factory.mktemp("trusting")
    under_test = make_desk(
        folder,
        f"sqlite:///{folder}/support.sqlite",
        plugins=("email",),
        support__email__ca_file=str(dovecot.authority.write(folder)),
    )
    yield under_test
    under_test.application.close()


@pytest.mark.parametrize(
    ("values", "step", "words"),
    [
        ({"imap_host": "nowhere.invalid"}, "resolve", "nowhere.invalid was not found"),
        ({"imap_port": -1}, "connect", "cannot be reached"),
        ({"imap_encryption": "starttls"}, "TLS", "The certificate of localhost is not valid"),
        ({"imap_password": "wrong"}, "login", "refused the user name or password"),
        ({"imap_folder": "Nowhere"}, "select", "no folder Nowhere"),
    ],
)
def test_a_failed_test_names_the_step(
    workspace: TestWorkspace, dovecot: Dovecot, values: dict[str, Any], step: str, words: str
) -> None:
    if values.get("imap_port") == -1:
        values = {"imap_port": free_port()}
    post = a_post(workspace, dovecot, **values)
    answer = workspace.owner.post(f"/mailboxes/{post.mailbox_id}/test-imap")
    assert_error(answer, 422, "imap_connection_failed")
    assert answer.json["success"] is False
    assert answer.json["step"] == step
    assert answer.json["message"].startswith(f"Step {step}: ")
    assert words in answer.json["message"]


def test_an_expired_certificate_is_told(dovecot: Dovecot, tmp_path: Path) -> None:
    server = Dovecot(expired=True)
    desk = None
    try:
        desk = make_desk(
            tmp_path,
            f"sqlite:///{tmp_path}/support.sqlite",
            plugins=("email",),
            support__email__ca_file=str(server.authority.write(tmp_path)),
        )
        values = {"imap_port": server.tls_port, "imap_encryption": "ssl"}
        post = a_post(desk.workspace(), server, **values)
        path = f"/mailboxes/{post.mailbox_id}"
        answer = post.workspace.owner.post(f"{path}/test-imap")
        assert answer.json["step"] == "TLS"
        assert "certificate has expired" in answer.json["message"]
        post.workspace.owner.put(path, {"imap_verify": False})
        assert post.workspace.owner.post(f"{path}/test-imap").status_int == 200
    finally:
        if desk is not None:
            desk.application.close()
        server.stop()


def test_a_test_without_a_server_says_so(workspace: TestWorkspace) -> None:
    post = a_post(workspace)
    for kind in ("imap", "smtp"):
        answer = workspace.owner.post(f"/mailboxes/{post.mailbox_id}/test-{kind}")
        assert_error(answer, 422, f"{kind}_connection_failed")
        assert "no mail server" in answer.json["message"]


def test_a_server_that_says_nothing_ends_the_test_within_fifteen_seconds_and_blocks_nobody(
    workspace: TestWorkspace, dovecot: Dovecot
) -> None:
    with socket.create_server((LOOPBACK, 0)) as silent:
        dripping = threading.Thread(target=_drip, args=(silent,), daemon=True)
        dripping.start()
        post = a_post(workspace, dovecot, imap_port=silent.getsockname()[1])
        answers: list[Any] = []
        path = f"/mailboxes/{post.mailbox_id}/test-imap"
        waiting = threading.Thread(target=lambda: answers.append(workspace.owner.post(path)))
        began = time.monotonic()
        waiting.start()
        time.sleep(0.5)
        other = workspace.client()
        assert other.post("/customers", {"email": "while@customer.example"}).status_int == 201
        assert time.monotonic() - began < 10  # the test still waits, without a lock
        waiting.join(20)
    assert time.monotonic() - began < 15
    assert_error(answers[0], 422, "imap_connection_failed")
    assert answers[0].json["message"] == "Step connect: The server did not answer in time."


def _drip(listener: socket.socket) -> None:
    """Send a byte of a greeting now and then, so that no single read ever times out."""
    connection, _ = listener.accept()
    with connection:
        for _ in range(60):
            try:
                connection.send(b"*")
            except OSError:
                return
            time.sleep(0.5)


def test_a_test_is_limited_to_five_a_minute(tmp_path: Path) -> None:
    limited = make_desk(
        tmp_path,
        f"sqlite:///{tmp_path}/limited.sqlite",
        plugins=("email",),
        support__ratelimit__enabled="true",
    )
    try:
        workspace = limited.workspace()
        post = a_post(workspace)
        path = f"/mailboxes/{post.mailbox_id}/test-imap"
        seen = [workspace.owner.post(path) for _ in range(6)]
        assert [it.status_int for it in seen] == [422] * 5 + [429]
        assert seen[0].headers["X-RateLimit-Limit"] == "5"
    finally:
        limited.application.close()


def test_smtp_is_tried_with_login_and_starttls(
    trusting: DeskUnderTest, dovecot: Dovecot, tmp_path: Path
) -> None:
    workspace = trusting.workspace()
    certificate = dovecot.authority.issue(tmp_path, "localhost")
    with SmtpServer(certificate=certificate, login=("me", "mine")) as server:
        fields = smtp_fields(
            server, smtp_encryption="starttls", smtp_username="me", smtp_password="mine"
        )
        post = a_post(workspace, **fields)
        path = f"/mailboxes/{post.mailbox_id}/test-smtp"
        answer = workspace.owner.post(path)
        assert answer.json == {"success": True, "message": "Connected to localhost and logged in."}
        workspace.owner.put(f"/mailboxes/{post.mailbox_id}", {"smtp_password": "yours"})
        answer = workspace.owner.post(path)
        assert_error(answer, 422, "smtp_connection_failed")
        assert answer.json["step"] == "login"


def test_smtp_without_starttls_is_refused_where_it_is_required(workspace: TestWorkspace) -> None:
    with SmtpServer() as server:
        post = a_post(workspace, **smtp_fields(server, smtp_encryption="starttls"))
        answer = workspace.owner.post(f"/mailboxes/{post.mailbox_id}/test-smtp")
    assert_error(answer, 422, "smtp_connection_failed")
    assert answer.json["message"] == "Step TLS: localhost does not offer STARTTLS."


def test_a_changing_status_spoils_no_precondition(
    workspace: TestWorkspace, dovecot: Dovecot
) -> None:
    post = a_post(workspace, dovecot)
    path = f"/mailboxes/{post.mailbox_id}"
    seen = workspace.owner.get(path).headers["ETag"]
    with workspace.under_test.application.database.engine.begin() as connection:
        connection.execute(text("UPDATE email_accounts SET last_error = 'gone', state = 'error'"))
    assert workspace.owner.get(path, headers={"If-None-Match": seen}).status_int == 200
    answer = workspace.owner.put(path, {"name": "Renamed"}, headers={"If-Match": seen})
    assert answer.status_int == 200
    again = workspace.owner.put(path, {"name": "Renamed again"}, headers={"If-Match": seen})
    assert_error(again, 412, "precondition_failed")
    assert imap_fields(dovecot, "user")["imap_host"] == "localhost"

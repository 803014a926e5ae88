"""Keys: rotation while everything stays readable, and pruning that loses nothing."""

from __future__ import annotations

import hashlib
import hmac
import stat
from typing import TYPE_CHECKING

from sqlalchemy import select

from support_core.rotation import BATCH, outdated, plugins_left_out, secret_columns
from tests.channels.support_chat.visitor import Site

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from .conftest import Shell


def _secrets(shell: Shell) -> dict[str, list[str]]:
    """Return every stored secret in the clear, by column."""
    application = shell.desk.application
    found = {}
    with application.database.transaction(write=False) as session:
        for secret in secret_columns(application):
            tokens = session.execute(
                select(secret.column).where(secret.column.is_not(None)).order_by(*secret.key),
                execution_options={"unscoped": "a test looks at all of them"},
            ).scalars()
            found[secret.name] = [application.keyring.decrypt(token) for token in tokens]
    return found


def _fill(shell: Shell, mailboxes: int) -> None:
    for _ in range(2):
        workspace = shell.desk.workspace()
        for number in range(mailboxes):
            workspace.mailbox(
                email=f"m{number}@acme.example", callback_url=f"http://127.0.0.1/hook/{number}"
            )
        workspace.owner.post(
            "/mailboxes",
            {"name": "Once", "email": "once@acme.example"},
            headers={"Idempotency-Key": "once"},
        )


def test_a_rotation_reaches_every_secret_and_changes_none(
    own_shell: Callable[..., Shell],
) -> None:
    shell = own_shell()
    _fill(shell, mailboxes=BATCH // 2 + 1)
    before = _secrets(shell)
    assert len(before["api_callbacks.secret"]) > BATCH, "more than one batch"
    assert len(before["idempotency_keys.body"]) == 2
    total = sum(len(secrets) for secrets in before.values())

    said = shell.said("keys", "rotate")
    assert f"{total} secrets are encrypted with it now." in said
    assert "support-core keys prune" in said
    assert _secrets(shell) == before
    status = shell.json("keys", "status")
    assert len(status["fingerprints"]) == 2
    assert (status["secrets"], status["outdated"]) == (total, 0)

    assert "Dropped 1 older key " in shell.said("keys", "prune")
    assert _secrets(shell) == before
    assert len(shell.json("keys", "status")["fingerprints"]) == 1


def test_a_widgets_secrets_prove_visitors_after_a_rotation(
    own_shell: Callable[..., Shell],
) -> None:
    shell = own_shell(plugins=("api", "plans", "webhooks", "chat"))
    site = Site.of(shell.desk.workspace(), hmac_required=True)
    given = [site.widget["hmac_secret"]]
    site.widget = site.workspace.owner.post(
        f"/widgets/{site.widget['id']}/rotate-hmac-secret"
    ).json["data"]
    given.append(site.widget["hmac_secret"])
    before = _secrets(shell)
    shell.said("keys", "rotate")
    shell.said("keys", "prune")
    assert _secrets(shell) == before
    assert before["chat_widgets.old_hmac_secret"] == given[:1]
    assert before["chat_widgets.hmac_secret"] == given[1:]
    for secret in given:
        proof = hmac.new(secret.encode(), b"user-1", hashlib.sha256).hexdigest()
        assert site.init(visitor_id="user-1", user_hash=proof).status_int == 200


def test_nothing_is_pruned_that_a_secret_still_needs(own_shell: Callable[..., Shell]) -> None:
    shell = own_shell()
    _fill(shell, mailboxes=1)
    shell.desk.application.keyring.add_key_to_file(shell.ini.parent / "keys")
    assert outdated(shell.desk.application) == 4
    refused = shell("keys", "prune")
    assert refused.exit_code == 1
    assert "4 secrets are on an older key; run support-core keys rotate first." in refused.stderr
    assert len(shell.json("keys", "status")["fingerprints"]) == 2


def test_secrets_of_a_plugin_that_was_switched_off_are_spoken_of(
    own_shell: Callable[..., Shell],
) -> None:
    shell = own_shell()
    modules = shell.desk.application.plugins.modules
    left_out = modules.pop("plans")
    assert plugins_left_out(shell.desk.application) == ["plans"]
    assert "not enabled (plans)" in shell.said("keys", "rotate")
    assert shell("keys", "prune").exit_code == 1
    assert shell("keys", "prune", "--force").exit_code == 0
    modules["plans"] = left_out


def test_a_keys_file_is_created_once_for_its_owner_alone(shell: Shell, tmp_path: Path) -> None:
    assert "has a new key" in shell.said("keys", "create")
    file = tmp_path / "var" / "keys"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    content = file.read_bytes()
    assert "is there already" in shell.said("keys", "create")
    assert file.read_bytes() == content


def test_keys_in_the_ini_are_left_to_their_owner(shell: Shell) -> None:
    text = shell.ini.read_text()
    shell.ini.write_text(text.replace("# support.keys =", "support.keys = abc"))
    refused = shell("keys", "rotate")
    assert refused.exit_code == 2
    assert "The keys stand in support.keys of the ini" in refused.stderr

"""The mailbox fields of the e-mail channel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from support_core.plugin_api import Invalid, MailboxFields, fields

from .account import make_row
from .models import EmailAccount
from .status import OFF, shown_status

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from support_core.plugin_api import Desk

HOST = r"[A-Za-z0-9](?:[A-Za-z0-9._:-]{0,251}[A-Za-z0-9])?"
ENCRYPTIONS = ("ssl", "starttls", "none")
AUTHS = ("password", "xoauth2")

SECRETS = ("imap_password", "smtp_password", "oauth_client_secret", "oauth_refresh_token")

#: What is shown as it is stored, with what an untouched mailbox shows.
PLAIN: dict[str, Any] = {
    "imap_host": None,
    "imap_port": None,
    "imap_encryption": "ssl",
    "imap_verify": True,
    "imap_auth": "password",
    "imap_username": None,
    "imap_folder": "INBOX",
    "imap_start": "all",
    "smtp_host": None,
    "smtp_port": None,
    "smtp_encryption": "starttls",
    "smtp_verify": True,
    "smtp_auth": "password",
    "smtp_username": None,
    "from_name": None,
    "plus_addressing": True,
    "quote_history": False,
    "oauth_token_url": None,
    "oauth_client_id": None,
    "oauth_scope": None,
}

#: A change of any of these means another folder, whose mails have other UIDs.
PLACE = ("imap_host", "imap_port", "imap_username", "imap_folder")


def read(desk: Desk, mailbox_ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """Return the fields of these mailboxes."""
    rows = desk.session.execute(
        select(EmailAccount).where(EmailAccount.mailbox_id.in_(mailbox_ids))
    ).scalars()
    now = desk.clock()
    return {
        row.mailbox_id: {
            **{name: getattr(row, name) for name in PLAIN},
            "imap_status": shown_status(row, now),
        }
        for row in rows
    }


def write(desk: Desk, mailbox_id: int, values: Mapping[str, Any]) -> dict[str, Any]:
    """Store what is given; what is left out stays.

    Raises ``Invalid`` for a server without what it takes to log in, and for an address that the
    configuration does not let us reach.
    """
    if not values:
        return {}
    row = desk.session.get(EmailAccount, (desk.workspace_id, mailbox_id), with_for_update=True)
    row = row or make_row(desk, mailbox_id)
    place = [getattr(row, name) for name in PLACE]
    for name, value in values.items():
        if name in SECRETS:
            setattr(row, name, desk.keyring.encrypt(value) if value is not None else None)
        else:
            setattr(row, name, PLAIN[name] if value is None else value)
    _check(desk, row)
    if [getattr(row, name) for name in PLACE] != place:
        row.uidvalidity, row.last_uid = None, 0
    if values.keys() & {name for name in values if name.startswith("oauth_")}:
        row.oauth_access_token = row.oauth_expires_at = row.oauth_error = None
        row.oauth_refresh_expires_at = None
    row.generation += 1
    row.state = "off" if row.imap_host is None else "waiting"
    row.failures, row.last_error, row.next_attempt_at = 0, None, None
    desk.session.flush()
    return {}


def _check(desk: Desk, row: EmailAccount) -> None:
    errors: dict[str, list[str]] = {}

    def need(name: str) -> None:
        if not getattr(row, name):
            errors[name] = [f"The {name.replace('_', ' ')} field is required."]

    policy = desk.application.outgoing.policy
    for kind in ("imap", "smtp"):
        host = getattr(row, f"{kind}_host")
        if host is None:
            continue
        try:
            policy.check_host(host)
        except ValueError as error:
            errors[f"{kind}_host"] = [str(error)]
        if getattr(row, f"{kind}_auth") == "xoauth2":
            for name in (f"{kind}_username", "oauth_token_url", "oauth_client_id"):
                need(name)
            need("oauth_refresh_token")
        elif kind == "imap" or row.smtp_username or row.smtp_password:
            need(f"{kind}_username")
            need(f"{kind}_password")
    if row.oauth_token_url:
        try:
            policy.check_url(row.oauth_token_url)
        except ValueError as error:
            errors["oauth_token_url"] = [str(error)]
    if errors:
        raise Invalid(errors)


def _server_nodes(kind: str, label: str, ports: str) -> list[Any]:
    return [
        fields.String(
            name=f"{kind}_host",
            pattern=HOST,
            nullable=True,
            missing=fields.drop,
            description=f"The {label} server; null where there is none.",
        ),
        fields.Integer(
            name=f"{kind}_port",
            min=1,
            max=65535,
            nullable=True,
            missing=fields.drop,
            description=f"Its port; null for the usual one ({ports}).",
        ),
        fields.Choice(
            ENCRYPTIONS,
            name=f"{kind}_encryption",
            missing=fields.drop,
            description="ssl: TLS from the start; starttls: required before the login; none.",
        ),
        fields.Boolean(
            name=f"{kind}_verify",
            missing=fields.drop,
            description="Whether the server's certificate has to be valid.",
        ),
        fields.Choice(
            AUTHS,
            name=f"{kind}_auth",
            missing=fields.drop,
            description="How to log in: with a password, or by OAuth 2 (XOAUTH2).",
        ),
        fields.String(
            name=f"{kind}_username",
            max=255,
            single_line=True,
            nullable=True,
            missing=fields.drop,
        ),
        fields.String(
            name=f"{kind}_password",
            max=1024,
            strip=False,
            single_line=True,
            nullable=True,
            missing=fields.drop,
            write_only=True,
            description="Stored encrypted, never shown; left out of an update it stays.",
        ),
    ]


def _text(name: str, most: int, description: str, *, secret: bool = False) -> Any:
    return fields.String(
        name=name,
        max=most,
        single_line=True,
        nullable=True,
        missing=fields.drop,
        write_only=secret,
        description=description,
    )


NODES = (
    *_server_nodes("imap", "IMAP", "993, or 143 without ssl"),
    fields.String(
        name="imap_folder",
        max=255,
        single_line=True,
        nullable=True,
        missing=fields.drop,
        description="The folder that is fetched; null for INBOX.",
    ),
    fields.Choice(
        ("all", "new"),
        name="imap_start",
        missing=fields.drop,
        description="Whether mail that is in the folder already is fetched when fetching begins.",
    ),
    *_server_nodes("smtp", "SMTP", "587, 465 with ssl, 25 without encryption"),
    _text("from_name", 255, "The name that replies come from; null for the mailbox's own."),
    fields.Boolean(
        name="plus_addressing",
        missing=fields.drop,
        description="Whether the server delivers address+detail to address: replies then ask for "
        "answers to an address that tells their conversation.",
    ),
    fields.Boolean(
        name="quote_history",
        missing=fields.drop,
        description="Whether replies quote the message they answer.",
    ),
    fields.Url(
        name="oauth_token_url",
        schemes=("https", "http"),
        nullable=True,
        missing=fields.drop,
        description="Where access tokens are granted (RFC 6749).",
    ),
    _text("oauth_client_id", 255, "The OAuth client."),
    _text("oauth_client_secret", 1024, "The OAuth client's secret.", secret=True),
    _text("oauth_refresh_token", 4096, "The token that access tokens come from.", secret=True),
    _text("oauth_scope", 1024, "The scope to ask for, where the server wants one."),
)

_TEXT = {"type": ["string", "null"]}
_FLAG = {"type": "boolean"}
_MOMENT = {"type": ["string", "null"], "format": "date-time"}

STATUS = {
    "type": "object",
    "properties": {
        "state": {"type": "string", "enum": ["off", "waiting", "ok", "error"]},
        "last_success_at": _MOMENT,
        "last_error": _TEXT,
        "lag_seconds": {"type": ["integer", "null"]},
        "next_attempt_at": _MOMENT,
    },
    "required": ["state", "last_success_at", "last_error", "lag_seconds", "next_attempt_at"],
}


def _shape(name: str, default: Any) -> dict[str, Any]:
    if isinstance(default, bool):
        return _FLAG
    if name.endswith("_port"):
        return {"type": ["integer", "null"]}
    return _TEXT if default is None else {"type": "string"}


ACCOUNT_FIELDS = MailboxFields(
    nodes=NODES,
    read=read,
    write=write,
    defaults={**PLAIN, "imap_status": OFF},
    shown={
        **{name: _shape(name, default) for name, default in PLAIN.items()},
        "imap_status": STATUS,
    },
    shown_once={},
    volatile=("imap_status",),
)

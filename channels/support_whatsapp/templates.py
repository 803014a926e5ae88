"""Message templates: the list as Meta has it, and what fills one."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, select

from support_core.plugin_api import Invalid, RetryLater, job

from .codes import delay
from .graph import Graph, GraphAway, GraphError
from .models import WhatsAppAccount, WhatsAppTemplate
from .reading import clean, objects, text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from support_core.plugin_api import Desk, JobContext, OpenDesk

_VARIABLE = re.compile(r"\{\{\s*([A-Za-z0-9_]{1,100})\s*\}\}")
APPROVED = "APPROVED"
FILES = frozenset({"IMAGE", "VIDEO", "DOCUMENT"})
MOST_ATTEMPTS = 8


@job(queue="whatsapp")
def sync(context: JobContext, account_id: int) -> None:
    """Take over an account's templates; a refusal is noted with the account."""
    try:
        sync_now(context.desk, account_id)
    except GraphAway as error:
        if context.attempt < MOST_ATTEMPTS:
            raise RetryLater(error.message, after=delay(60.0, context.attempt + 1)) from None
    except GraphError as error:
        if error.pause is not None and context.attempt < MOST_ATTEMPTS:
            raise RetryLater(error.message, after=delay(error.pause, context.attempt + 1)) from None


def sync_first(open_desk: OpenDesk, account_id: int) -> None:
    """Read the list of a number if it never was; where Meta does not give it, it decides itself."""
    with open_desk() as desk:
        account = desk.session.get(WhatsAppAccount, account_id)
        unread = account is not None and account.templates_synced_at is None
    if unread:
        with suppress(GraphAway, GraphError):  # what it refuses, sync_now notes with the account
            sync_now(open_desk, account_id)


def sync_now(open_desk: OpenDesk, account_id: int) -> int:
    """Take over an account's templates; return how many there are. Raises what Meta says."""
    with open_desk() as desk:
        account = desk.session.get(WhatsAppAccount, account_id)
        graph = Graph.of(desk, account) if account is not None and account.waba_id else None
    if graph is None:
        return 0
    try:
        found = graph.templates()
    except GraphError as error:
        with open_desk() as desk:
            account = desk.session.get(WhatsAppAccount, account_id)
            if account is not None:
                account.last_error = f"The templates could not be read: {error.message}"
                account.last_error_at = desk.clock()
        raise
    with open_desk() as desk:
        account = desk.session.get(WhatsAppAccount, account_id, with_for_update=True)
        if account is None:
            return 0
        _replace(desk, account, found)
        return len(found)


def _replace(desk: Desk, account: WhatsAppAccount, found: Sequence[Mapping[str, Any]]) -> None:
    session, now = desk.session, desk.clock()
    known = {
        (it.name, it.language): it
        for it in session.execute(
            select(WhatsAppTemplate).where(WhatsAppTemplate.account_id == account.id)
        ).scalars()
    }
    for each in found:
        told = clean(dict(each))
        name, language = text(told, "name"), text(told, "language")
        if not name or not language:
            continue
        key = (name[:512], language[:15])
        row = known.pop(key, None)
        if row is None:
            row = WhatsAppTemplate(
                account_id=account.id, name=key[0], language=key[1], created_at=now
            )
            session.add(row)
        row.status = (text(told, "status") or "UNKNOWN")[:31]
        row.category = (text(told, "category") or "")[:31] or None
        row.parameter_format = (text(told, "parameter_format") or "")[:31] or None
        row.components = objects(told.get("components"))
        row.updated_at = now
    gone = [it.id for it in known.values()]
    if gone:
        session.execute(delete(WhatsAppTemplate).where(WhatsAppTemplate.id.in_(gone)))
    account.templates_synced_at = now
    session.flush()


@dataclass(frozen=True)
class Ready:
    """A template that may be sent: Meta's components, and how the customer reads it.

    ``header`` is the kind of file that belongs into its header, None for none.
    """

    components: list[dict[str, Any]]
    body: str
    header: str | None


def prepare(
    desk: Desk, account: WhatsAppAccount, template: Mapping[str, Any], *, files: int
) -> Ready:
    """Fill a template; raises ``Invalid`` for one that Meta would not send.

    While the list has never been read, as that of an account without ``waba_id`` cannot be,
    whatever is asked for passes: sending reads it first (:func:`sync_first`), and Meta decides.
    """
    name, language = str(template["name"]), str(template["language"])
    given = [str(it) for it in template.get("parameters") or ()]
    row = desk.session.execute(
        select(WhatsAppTemplate).where(
            WhatsAppTemplate.account_id == account.id,
            WhatsAppTemplate.name == name,
            WhatsAppTemplate.language == language,
        )
    ).scalar_one_or_none()
    if row is None and account.templates_synced_at is None:
        shown = f"[Template {name}] {', '.join(given)}".rstrip()
        body = [{"type": "body", "parameters": [_text(it) for it in given]}] if given else []
        return Ready(body, shown, None)
    if row is None:
        raise Invalid({"template": ["The selected template is invalid."]})
    if row.status != APPROVED:
        raise Invalid({"template": [f"The template is not approved ({row.status.lower()})."]})
    ready = _fill(row, given)
    if files and ready.header is None:
        raise Invalid({"attachment_ids": ["The template takes no file."]})
    if ready.header is not None and files != 1:
        what = ready.header.lower()
        raise Invalid({"attachment_ids": [f"The template needs one file, of type {what}."]})
    return ready


def _fill(row: WhatsAppTemplate, given: Sequence[str]) -> Ready:
    slots = list(_slots(row))
    if len(slots) != len(given):
        message = f"The template.parameters must have exactly {len(slots)} items."
        raise Invalid({"template.parameters": [message]})
    values = iter(given)
    named = row.parameter_format == "NAMED"
    components: list[dict[str, Any]] = []
    lines: list[str] = []
    header = None
    for component in row.components:
        kind = (text(component, "type") or "").upper()
        if kind == "HEADER" and text(component, "format") in FILES:
            header = text(component, "format")
        if kind == "BUTTONS":
            components += _buttons(component, values)
            continue
        words = text(component, "text")
        if kind not in {"HEADER", "BODY", "FOOTER"} or words is None:
            continue
        filled = {variable: next(values) for variable in _variables(words, kind)}
        lines.append(_filled(words, filled))
        if filled:
            parameters = [_text(it, key if named else None) for key, it in filled.items()]
            components.append({"type": kind.lower(), "parameters": parameters})
    return Ready(components, "\n".join(lines), header)


def _filled(words: str, values: Mapping[str, str]) -> str:
    return _VARIABLE.sub(lambda it: values.get(it[1], it[0]), words)


def _slots(row: WhatsAppTemplate) -> list[str]:
    """Return the variables of a template, in the order in which they are filled."""
    found: list[str] = []
    for component in row.components:
        kind = (text(component, "type") or "").upper()
        if kind == "BUTTONS":
            buttons = objects(component.get("buttons"))
            found += [it for one in buttons for it in _VARIABLE.findall(text(one, "url") or "")]
        else:
            found += _variables(text(component, "text") or "", kind)
    return found


def _variables(words: str, kind: str) -> list[str]:
    """Return each variable of a component once; numbered ones by their numbers."""
    if kind not in {"HEADER", "BODY"}:
        return []
    found = list(dict.fromkeys(_VARIABLE.findall(words)))
    return sorted(found, key=int) if all(it.isdigit() for it in found) else found


def _buttons(component: Mapping[str, Any], values: Any) -> list[dict[str, Any]]:
    made = []
    for index, button in enumerate(objects(component.get("buttons"))):
        variables = _VARIABLE.findall(text(button, "url") or "")
        if variables:
            parameters = [_text(next(values)) for _ in variables]
            made.append(
                {
                    "type": "button",
                    "sub_type": "url",
                    "index": str(index),
                    "parameters": parameters,
                }
            )
    return made


def _text(value: str, name: str | None = None) -> dict[str, Any]:
    named = {"parameter_name": name} if name is not None else {}
    return {"type": "text", **named, "text": value}

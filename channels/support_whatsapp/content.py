"""What a customer's message says: its text, its facts, and the file that comes with it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from .reading import listed, mapping, objects, text

if TYPE_CHECKING:
    from collections.abc import Callable

LONGEST_BODY = 100_000

#: How a file without words is shown.
MEDIA = {
    "image": "[Image]",
    "audio": "[Audio]",
    "video": "[Video]",
    "document": "[Document]",
    "sticker": "[Sticker]",
}
UNSUPPORTED = "[Unsupported message]"


@dataclass(frozen=True)
class File:
    """A file that came with a message, still at WhatsApp."""

    kind: str
    media_id: str
    mime_type: str | None
    sha256: str | None
    filename: str | None


@dataclass
class Content:
    """A message as it is filed; ``meta`` are its facts, shown with the thread."""

    body: str
    kind: str = "message"
    meta: dict[str, Any] = field(default_factory=dict)
    file: File | None = None


def read_content(message: dict[str, Any]) -> Content:
    """Return what a message says; of a kind that nobody knows, that it is one."""
    kind = text(message, "type")
    reader = READERS.get(kind or "")
    content = reader(message, kind or "") if reader else None
    if content is None:
        content = _unsupported(message, kind)
    content.body = content.body[:LONGEST_BODY]
    content.meta = {
        "kind": content.kind,
        "type": kind or "unknown",
        **_context(message),
        **content.meta,
        **_errors(message),
    }
    return content


def moment_of(data: dict[str, Any], now: datetime) -> datetime:
    """Return when it happened (Unix seconds); now, where that is not said or lies ahead."""
    try:
        told = datetime.fromtimestamp(int(text(data, "timestamp") or ""), UTC)
    except (ValueError, OverflowError, OSError):
        return now
    return min(told, now)


def _context(message: dict[str, Any]) -> dict[str, Any]:
    context = mapping(message, "context")
    facts: dict[str, Any] = {}
    if quoted := text(context, "id"):
        facts["reply_to_external_id"] = quoted
    for name in ("forwarded", "frequently_forwarded"):
        if context.get(name) is True:
            facts[name] = True
    if product := mapping(context, "referred_product"):
        facts["referred_product"] = product
    if referral := mapping(message, "referral"):
        facts["referral"] = referral
    if group := text(message, "group_id"):
        facts["group_id"] = group
    return facts


def _errors(message: dict[str, Any]) -> dict[str, Any]:
    errors = objects(message.get("errors"))
    return {"errors": errors} if errors else {}


#: Letters of what Meta says went wrong that are kept.
LONGEST_PROBLEM = 1000


def problem_of(errors: list[dict[str, Any]]) -> str | None:
    """Return what Meta's errors say, in words, with their codes."""
    told = []
    for error in errors:
        title = text(error, "title", "message") or "Error"
        details = text(mapping(error, "error_data"), "details") or text(error, "details")
        sentence = title if details in {None, title} else f"{title}: {details}"
        code = text(error, "code")
        told.append(f"{sentence.rstrip('.')} ({code})." if code else f"{sentence.rstrip('.')}.")
    return " ".join(told)[:LONGEST_PROBLEM] or None


def _text(message: dict[str, Any], _kind: str) -> Content | None:
    body = text(mapping(message, "text"), "body")
    return Content(body) if body else None


def _media(message: dict[str, Any], kind: str) -> Content | None:
    media = mapping(message, kind)
    media_id, errors = text(media, "id"), objects(message.get("errors"))
    caption, voice = text(media, "caption"), media.get("voice")
    body = caption or ("[Voice message]" if voice is True else MEDIA[kind])
    if errors or media_id is None:
        if not errors and not media:
            return None
        why = problem_of(errors) or "WhatsApp did not hand it out."
        return Content(caption or f"{body} {why}", meta={"attachments": []})
    file = File(
        kind=kind,
        media_id=media_id[:255],
        mime_type=(text(media, "mime_type") or "")[:255] or None,
        sha256=(text(media, "sha256") or "")[:127] or None,
        filename=(text(media, "filename") or "")[:255] or None,
    )
    shown = {
        "kind": kind,
        "media_id": file.media_id,
        "mime_type": file.mime_type,
        "sha256": file.sha256,
        "filename": file.filename,
        "voice": voice if isinstance(voice, bool) else None,
        "animated": media.get("animated") if isinstance(media.get("animated"), bool) else None,
    }
    attachment = {name: value for name, value in shown.items() if value is not None}
    return Content(body, meta={"attachments": [{**attachment, "state": "pending"}]}, file=file)


def _location(message: dict[str, Any], _kind: str) -> Content | None:
    place = mapping(message, "location")
    if not place:
        return None
    names = ("latitude", "longitude", "name", "address", "url")
    shown = {name: place[name] for name in names if place.get(name) is not None}
    words = [str(shown[it]) for it in ("name", "address") if it in shown]
    where = f"{shown.get('latitude', '?')}, {shown.get('longitude', '?')}"
    body = " ".join(["[Location]", ", ".join([*words, where])])
    if "url" in shown:
        body += f"\n{shown['url']}"
    return Content(body, meta={"attachments": [{"kind": "location", **shown}]})


def _contacts(message: dict[str, Any], _kind: str) -> Content | None:
    cards = objects(message.get("contacts"))
    if not cards:
        return None
    shown, lines = [], []
    for card in cards:
        name = text(mapping(card, "name"), "formatted_name", "first_name", "last_name")
        phones = [it for one in objects(card.get("phones")) if (it := text(one, "phone", "wa_id"))]
        emails = [it for one in objects(card.get("emails")) if (it := text(one, "email"))]
        shown.append({"kind": "contact", "name": name, "phones": phones, "card": card})
        lines.append("[Contact] " + ", ".join([it for it in (name, *phones, *emails) if it]))
    return Content("\n".join(lines), meta={"attachments": shown})


def _button(message: dict[str, Any], _kind: str) -> Content | None:
    button = mapping(message, "button")
    body = text(button, "text", "payload")
    return Content(body, meta=_payload(text(button, "payload"))) if body else None


def _interactive(message: dict[str, Any], _kind: str) -> Content | None:
    interactive = mapping(message, "interactive")
    kind = text(interactive, "type")
    if kind is None:
        return None
    answer = mapping(interactive, kind)
    meta: dict[str, Any] = {"interactive_type": kind}
    if kind == "nfm_reply":
        meta |= _payload(text(answer, "response_json"))
        meta |= {"form": name} if (name := text(answer, "name")) else {}
        return Content(text(answer, "body") or "[Form]", meta=meta)
    if title := text(answer, "title"):
        description = text(answer, "description")
        meta |= {"description": description} if description else {}
        return Content(title, meta=meta | _payload(text(answer, "id")))
    words = ", ".join(f"{name}: {it}" for name, it in answer.items() if isinstance(it, str))
    shown = kind.removesuffix("_reply").replace("_", " ").capitalize()
    return Content(f"[{shown}] {words}".rstrip(), meta=meta | ({kind: answer} if answer else {}))


def _payload(payload: str | None) -> dict[str, Any]:
    return {"payload": payload} if payload else {}


def _order(message: dict[str, Any], _kind: str) -> Content | None:
    order = mapping(message, "order")
    if not order:
        return None
    items = objects(order.get("product_items"))
    lines = [
        f"{text(it, 'quantity') or '1'} × {text(it, 'product_retailer_id') or '?'}"
        f" ({it.get('item_price', '?')} {text(it, 'currency') or ''})".replace(" )", ")")
        for it in items
    ]
    words = text(order, "text")
    head = f"[Order] {len(listed(order.get('product_items')))} items"
    body = "\n".join([*([words] if words else []), head, *lines])
    return Content(body, meta={"order": order, "order_items": len(items)})


def _unsupported(message: dict[str, Any], kind: str | None) -> Content:
    told = problem_of(objects(message.get("errors")))
    if told is None:
        named = kind if kind and kind != "unsupported" else None
        told = f"Its type is {named}." if named else "WhatsApp does not say what it is."
    return Content(f"{UNSUPPORTED} {told}", kind="unsupported", meta={"attachments": []})


READERS: dict[str, Callable[[dict[str, Any], str], Content | None]] = {
    "text": _text,
    "location": _location,
    "contacts": _contacts,
    "button": _button,
    "interactive": _interactive,
    "order": _order,
    **dict.fromkeys(MEDIA, _media),
}

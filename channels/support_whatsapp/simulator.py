"""A stand-in for Meta: a small server in the Graph API's shapes, and webhooks as Meta signs them.

``support-core whatsapp simulate`` plays a customer with it, and the tests make it fail as Meta
does.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import secrets
import threading
import time
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import Self

JSON = "application/json"
PAGE = 50


@dataclass(frozen=True)
class Reply:
    """What the server answers with."""

    status: int
    body: bytes
    content_type: str = JSON
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Stored:
    """A file at WhatsApp."""

    content: bytes
    mime_type: str
    name: str = ""


@dataclass(frozen=True)
class Sent:
    """A message that a business sent, with the id it was given."""

    external_id: str
    body: dict[str, Any]


def error(
    code: int, message: str, details: str | None = None, *, status: int = 400, **headers: str
) -> Reply:
    """Return an error as the Graph API answers it."""
    body: dict[str, Any] = {"message": f"(#{code}) {message}", "type": "OAuthException"}
    body |= {"code": code, "fbtrace_id": "AbCdEfGhIjK"}
    if details is not None:
        body["error_data"] = {"messaging_product": "whatsapp", "details": details}
    return Reply(status, json.dumps({"error": body}).encode(), headers=headers)


def message_id() -> str:
    """Return a new id of a message, as WhatsApp's look."""
    return f"wamid.{base64.b64encode(secrets.token_bytes(24)).decode()}"


class GraphServer:
    """The Graph API on loopback; ``heard`` is called with each message that a business sends.

    ``tokens`` are the access tokens it knows, any where there are none.
    """

    def __init__(self, port: int = 0, *, heard: Callable[[Sent], None] | None = None) -> None:
        self.tokens: set[str] = set()
        self.sent: list[Sent] = []
        self.read: list[str] = []
        self.files: dict[str, Stored] = {}
        self.links: dict[str, str] = {}
        self.templates: list[dict[str, Any]] = []
        self.quality, self.throughput = "GREEN", "STANDARD"
        self.lock = threading.Lock()
        self._heard = heard
        self._server = ThreadingHTTPServer(("127.0.0.1", port), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        )

    @property
    def url(self) -> str:
        """Where it listens: what ``support.whatsapp.graph_url`` is to be."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def add_file(self, content: bytes, mime_type: str, name: str = "") -> str:
        """Keep a file that a customer sends; return its id."""
        media_id = str(secrets.randbelow(10**15))
        self.files[media_id] = Stored(content, mime_type, name)
        return media_id

    def answer(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Reply:
        """Answer one request; subclasses fail here."""
        token = headers.get("authorization", "").removeprefix("Bearer ")
        if not token or (self.tokens and token not in self.tokens):
            return error(190, "Invalid OAuth access token.", status=401)
        if method == "POST":
            return self._take(path, headers, body)
        return self._give(path)

    def _take(self, path: str, headers: dict[str, str], body: bytes) -> Reply:
        if path.endswith("/messages"):
            return self._message(json.loads(body))
        if path.endswith("/media"):
            return self._upload(headers, body)
        return error(100, "Unsupported request")

    def _give(self, path: str) -> Reply:
        url = urlsplit(path)
        if found := re.fullmatch(r"/link/(\w+)", url.path):
            return self._bytes(found[1])
        if not (found := re.fullmatch(r"/v[0-9.]+/([^/]+)(?:/(\w+))?", url.path)):
            return error(100, "Unsupported request", status=404)
        node, edge = found[1], found[2] or ""
        asked = {name: values[-1] for name, values in parse_qs(url.query).items()}
        if edge == "message_templates":
            return self._templates(path, asked)
        return self._media(node) if node in self.files else self._number(node)

    def _message(self, body: dict[str, Any]) -> Reply:
        if body.get("messaging_product") != "whatsapp":
            return error(100, "The parameter messaging_product is required.")
        if body.get("status") == "read":
            self.read.append(str(body.get("message_id")))
            return _ok({"success": True})
        kind = str(body.get("type"))
        if not body.get("to") or kind not in body:
            return error(131009, "Parameter value is not valid")
        if kind == "text" and not 0 < len(body["text"].get("body", "")) <= 4096:
            return error(100, "Invalid parameter", "Param text['body'] must be 1 to 4096 long.")
        media = kind in {"image", "video", "audio", "document"}
        if media and body[kind].get("id") not in self.files:
            return error(131053, "Media upload error", "The media id is not known.")
        sent = Sent(message_id(), body)
        with self.lock:
            self.sent.append(sent)
        if self._heard is not None:
            self._heard(sent)
        to = str(body["to"])
        contact = {"input": to, "wa_id": to}
        return _ok(
            {
                "messaging_product": "whatsapp",
                "contacts": [contact],
                "messages": [{"id": sent.external_id, "message_status": "accepted"}],
            }
        )

    def _upload(self, headers: dict[str, str], body: bytes) -> Reply:
        head = f"Content-Type: {headers.get('content-type', '')}\r\n\r\n".encode()
        form = message_from_bytes(head + body, policy=policy.HTTP)
        parts = {
            str(it.get_param("name", header="content-disposition")): it for it in form.iter_parts()
        }
        if {"file", "type", "messaging_product"} - parts.keys():
            return error(100, "Invalid parameter", "The form is not complete.")
        file = parts["file"]
        content = file.get_payload(decode=True)
        assert isinstance(content, bytes)  # noqa: S101 - for the type checker
        return _ok(
            {"id": self.add_file(content, file.get_content_type(), file.get_filename() or "")}
        )

    def _media(self, media_id: str) -> Reply:
        file, link = self.files[media_id], secrets.token_hex(8)
        self.links[link] = media_id
        return _ok(
            {
                "messaging_product": "whatsapp",
                "url": f"{self.url}/link/{link}",
                "mime_type": file.mime_type,
                "sha256": hashlib.sha256(file.content).hexdigest(),
                "file_size": str(len(file.content)),
                "id": media_id,
            }
        )

    def _bytes(self, link: str) -> Reply:
        media_id = self.links.get(link)
        if media_id is None:
            return Reply(404, b"", "text/plain")
        file = self.files[media_id]
        return Reply(200, file.content, file.mime_type)

    def _templates(self, path: str, asked: dict[str, str]) -> Reply:
        start, limit = int(asked.get("after") or 0), int(asked.get("limit") or PAGE)
        page, end = self.templates[start : start + limit], start + limit
        paging: dict[str, Any] = {"cursors": {"before": str(start), "after": str(end)}}
        if end < len(self.templates):
            paging["next"] = f"{self.url}{path}"
        return _ok({"data": page, "paging": paging})

    def _number(self, node: str) -> Reply:
        return _ok(
            {
                "display_phone_number": "+1 555-000-1111",
                "verified_name": "Acme",
                "quality_rating": self.quality,
                "throughput": {"level": self.throughput},
                "id": node,
            }
        )

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _take(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                headers = {name.lower(): value for name, value in self.headers.items()}
                reply = server.answer(self.command, self.path, headers, body)
                self.send_response(reply.status)
                self.send_header("Content-Type", reply.content_type)
                for name, value in reply.headers.items():
                    self.send_header(name.replace("_", "-"), value)
                self.send_header("Content-Length", str(len(reply.body)))
                self.end_headers()
                self.wfile.write(reply.body)

            do_GET = do_POST = _take  # noqa: N815 - http.server's names

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                """Keep the terminal clean."""

        return Handler


def _ok(body: dict[str, Any]) -> Reply:
    return Reply(200, json.dumps(body).encode())


@dataclass
class Customer:
    """Somebody with a phone: makes the webhooks that Meta would send of what they do."""

    phone_number_id: str
    wa_id: str
    name: str

    def says(self, text: str, **more: Any) -> dict[str, Any]:
        """Return the webhook of a text."""
        return self.sends("text", {"body": text}, **more)

    def sends(self, kind: str, content: Any, **more: Any) -> dict[str, Any]:
        """Return the webhook of a message of any kind; ``more`` are further fields of it."""
        message = {
            "from": self.wa_id,
            "id": message_id(),
            "timestamp": str(int(time.time())),
            "type": kind,
            kind: content,
            **more,
        }
        contact = {"profile": {"name": self.name}, "wa_id": self.wa_id}
        return self.webhook({"contacts": [contact], "messages": [message]})

    def reacts(self, target: str, emoji: str, **more: Any) -> dict[str, Any]:
        """Return the webhook of a reaction; an empty emoji takes it back."""
        return self.sends("reaction", {"message_id": target, "emoji": emoji}, **more)

    def reports(self, sent: Sent, status: str, **more: Any) -> dict[str, Any]:
        """Return the webhook of what became of a message to them."""
        told = {
            "id": sent.external_id,
            "status": status,
            "timestamp": str(int(time.time())),
            "recipient_id": self.wa_id,
            **more,
        }
        if reference := sent.body.get("biz_opaque_callback_data"):
            told["biz_opaque_callback_data"] = reference
        return self.webhook({"statuses": [told]})

    def webhook(self, value: dict[str, Any], field_: str = "messages") -> dict[str, Any]:
        """Return a webhook with one change."""
        metadata = {"display_phone_number": "15550001111", "phone_number_id": self.phone_number_id}
        inside = {"messaging_product": "whatsapp", "metadata": metadata, **value}
        entry = {"id": "102290129340398", "changes": [{"field": field_, "value": inside}]}
        return {"object": "whatsapp_business_account", "entry": [entry]}

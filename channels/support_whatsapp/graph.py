"""Meta's Graph API, as far as the channel calls it. No transaction is open meanwhile."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode, urlsplit

from support_core.plugin_api import OutgoingError, retry_after

from .codes import ACCOUNT, TOKEN, pause_of
from .content import problem_of
from .reading import LONGEST_ID, clean, id_of, mapping, number, text
from .settings import GRAPH_URL, GRAPH_VERSION, MEDIA_HOSTS, MEDIA_TIMEOUT, TIMEOUT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from support_core.plugin_api import Desk, OutgoingClient, OutgoingResponse

    from .models import WhatsAppAccount


class GraphError(Exception):
    """Meta refused a call; ``message`` is fit for agents and holds no secret.

    ``pause`` is in how many seconds it may be over, None where it stays.
    """

    def __init__(self, message: str, *, code: int | None, status: int, pause: float | None) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.status = status
        self.pause = pause

    @property
    def about_token(self) -> bool:
        """Whether the access token is what is wrong."""
        return self.code in TOKEN

    @property
    def about_account(self) -> bool:
        """Whether the number needs somebody's care."""
        return self.code in ACCOUNT


class GraphAway(Exception):
    """Meta could not be reached; ``sent`` tells whether it may have got the request."""

    def __init__(self, message: str, *, sent: bool) -> None:
        super().__init__(message)
        self.message = message
        self.sent = sent


@dataclass(frozen=True)
class Graph:
    """Calls with one account's token."""

    client: OutgoingClient
    base: str
    version: str
    token: str = field(repr=False)
    number: str
    waba: str | None
    hosts: tuple[str, ...]
    timeout: float
    media_timeout: float
    now: float

    @classmethod
    def of(cls, desk: Desk, account: WhatsAppAccount) -> Graph:
        """Take along from a desk what outlives its transaction."""
        settings = desk.settings
        return cls(
            client=desk.application.outgoing,
            base=settings[GRAPH_URL].rstrip("/"),
            version=settings[GRAPH_VERSION].strip("/"),
            token=desk.keyring.decrypt(account.access_token),
            number=account.phone_number_id,
            waba=account.waba_id,
            hosts=tuple(settings[MEDIA_HOSTS]),
            timeout=settings[TIMEOUT],
            media_timeout=settings[MEDIA_TIMEOUT],
            now=desk.clock().timestamp(),
        )

    def describe(self) -> dict[str, Any]:
        """Return what Meta says of the number."""
        fields = "display_phone_number,verified_name,quality_rating,throughput"
        return self._call("GET", f"{quote(self.number, safe='')}?{urlencode({'fields': fields})}")

    def send(self, message: Mapping[str, Any]) -> str:
        """Send a message; return WhatsApp's id of it."""
        answer = self._post({"messaging_product": "whatsapp", **message})
        messages = answer.get("messages")
        first = messages[0] if isinstance(messages, list) and messages else {}
        external = text(first, "id") if isinstance(first, dict) else None
        if external is None:
            raise GraphError(
                "WhatsApp took the message without an id.", code=None, status=200, pause=None
            )
        return id_of(external)

    def mark_read(self, message_id: str) -> None:
        """Let a customer see that a message, and all before it, was read."""
        self._post({"messaging_product": "whatsapp", "status": "read", "message_id": message_id})

    def media(self, media_id: str) -> dict[str, Any]:
        """Return where a file can be fetched for some minutes, its type, size and hash."""
        return self._call("GET", quote(media_id, safe=""))

    def download(
        self, url: str, sink: Callable[[bytes], object], *, max_bytes: int
    ) -> OutgoingResponse:
        """Fetch a file; the token goes to Meta's hosts alone. Raises :class:`GraphError`."""
        self._check_host(url)
        answer = self._request(
            "GET",
            url,
            headers={"Authorization": f"Bearer {self.token}"},
            timeout=self.media_timeout,
            sink=sink,
            max_bytes=max_bytes,
        )
        if answer.status != 200:
            raise self._error(answer)
        return answer

    def upload(self, pieces: Iterator[bytes], *, size: int, name: str, content_type: str) -> str:
        """Hand a file over; return its id, under which messages may send it."""
        boundary = "support-whatsapp-7d41f0b2a8"
        head = "".join(
            f'--{boundary}\r\nContent-Disposition: form-data; name="{field_}"\r\n\r\n{value}\r\n'
            for field_, value in (("messaging_product", "whatsapp"), ("type", content_type))
        )
        shown = name.replace("\\", "_").replace('"', "_").replace("\r", "_").replace("\n", "_")
        head += (
            f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{shown}"\r\n'
            f"Content-Type: {content_type}\r\n\r\n"
        )
        start, end = head.encode(), f"\r\n--{boundary}--\r\n".encode()

        def content() -> Iterator[bytes]:
            yield start
            yield from pieces
            yield end

        answer = self._call(
            "POST",
            f"{quote(self.number, safe='')}/media",
            content=content(),
            headers={
                "Content-Type": f"multipart/form-data; boundary={boundary}",
                "Content-Length": str(len(start) + size + len(end)),
            },
            timeout=self.media_timeout,
        )
        media_id = text(answer, "id")
        if media_id is None or len(media_id) > LONGEST_ID:
            raise GraphError(
                "WhatsApp took the file without an id.", code=None, status=200, pause=None
            )
        return media_id

    def templates(self, *, most: int = 2000) -> list[dict[str, Any]]:
        """Return all message templates of the business account."""
        found: list[dict[str, Any]] = []
        asked = {
            "fields": "name,language,status,category,parameter_format,components",
            "limit": "50",
        }
        while len(found) < most:
            query = urlencode(asked)
            answer = self._call(
                "GET", f"{quote(self.waba or '', safe='')}/message_templates?{query}"
            )
            page = answer.get("data")
            found += [it for it in page if isinstance(it, dict)] if isinstance(page, list) else []
            paging = mapping(answer, "paging")
            after = text(mapping(paging, "cursors"), "after")
            if after is None or text(paging, "next") is None or after == asked.get("after"):
                break
            asked["after"] = after
        return found

    def _post(self, body: Mapping[str, Any]) -> dict[str, Any]:
        return self._call(
            "POST",
            f"{quote(self.number, safe='')}/messages",
            content=json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )

    def _call(
        self,
        method: str,
        path: str,
        *,
        content: bytes | Iterator[bytes] | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float | None = None,
    ) -> dict[str, Any]:
        answer = self._request(
            method,
            f"{self.base}/{self.version}/{path}",
            headers={"Authorization": f"Bearer {self.token}", **(headers or {})},
            content=content,
            timeout=timeout or self.timeout,
            sink=(body := bytearray()).extend,
            max_bytes=MOST_ANSWER,
        )
        if answer.status != 200:
            raise self._error(answer)
        found = _object(bytes(body))
        if found is None:
            raise GraphError(
                "WhatsApp answered with something else than JSON.",
                code=None,
                status=502,
                pause=30.0,
            )
        return found

    def _request(self, method: str, url: str, **options: Any) -> OutgoingResponse:
        try:
            return self.client.request(method, url, **options)
        except OutgoingError as error:
            raise GraphAway(f"WhatsApp is out of reach: {error}", sent=error.sent) from None

    def _error(self, answer: OutgoingResponse) -> GraphError:
        error = mapping(_object(answer.body_head) or {}, "error")
        code = number(text(error, "code"))
        told = {"title": text(error, "error_user_msg", "message"), **error} if error else {}
        message = problem_of([told]) if error else f"WhatsApp answered {answer.status}."
        pause = pause_of(code, answer.status)
        if pause is not None:
            wait = retry_after(answer.headers.get("retry-after"), now=self.now)
            pause = max(pause, wait or 0.0)
        return GraphError(
            message or f"WhatsApp answered {answer.status}.",
            code=code,
            status=answer.status,
            pause=pause,
        )

    def _check_host(self, url: str) -> None:
        """Raise for an address that is none of Meta's: the token is not for others."""
        own = urlsplit(self.base)
        try:
            parsed = urlsplit(url)
        except ValueError:  # an address in brackets that is none
            parsed = urlsplit("")
        host = (parsed.hostname or "").lower()
        allowed = host == own.hostname or any(
            host == it.lower() or host.endswith(f".{it.lower()}") for it in self.hosts
        )
        secure = parsed.scheme == "https" or (parsed.scheme == own.scheme and host == own.hostname)
        if not (allowed and secure):
            raise GraphError(
                f"The file's address is none of WhatsApp's ({host or 'no host'}).",
                code=None,
                status=200,
                pause=None,
            )


#: Bytes of an answer in JSON that are read.
MOST_ANSWER = 4 << 20


def _object(body: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return clean(found) if isinstance(found, dict) else None

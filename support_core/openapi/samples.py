"""Example values and commands, made out of schemas."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING, Any

import orjson

from .operations import BEARER
from .refusals import MULTIPART

if TYPE_CHECKING:
    from collections.abc import Mapping

_ID = re.compile(r"\{[^{}]+\}")
_FORMATS = {
    "email": "customer@example.com",
    "uri": "https://example.com/",
    "date-time": "2026-01-29T10:30:00Z",
    "date": "2026-01-29",
}
_NAMES = {
    "subject": "Help with my account",
    "body": "I need assistance with my account.",
    "message": "Hi, I have a question.",
    "name": "Support",
    "email": "customer@example.com",
    "password": "correct horse battery staple",
    "token": "abc123def456",
}


def sample(schema: Mapping[str, Any], name: str = "") -> Any:
    """Return a value that ``schema`` is likely to allow; of an object, what is required."""
    if "const" in schema or "enum" in schema:
        return schema["const"] if "const" in schema else schema["enum"][0]
    if "anyOf" in schema:
        return sample(schema["anyOf"][0], name)
    kind = schema.get("type", "string")
    if isinstance(kind, list):
        kind = kind[0]
    if kind == "object":
        return _object(schema)
    if kind == "array":
        return [sample(schema["items"], name)] if schema.get("minItems") else []
    if kind in ("integer", "number"):
        return max(1, schema.get("minimum", 1))
    return True if kind == "boolean" else _text(schema, name)


def _object(schema: Mapping[str, Any]) -> dict[str, Any]:
    properties = schema.get("properties", {})
    wanted = schema.get("required") or _first_to_send(properties)
    return {name: sample(properties[name], name) for name in wanted if name in properties}


def _first_to_send(properties: Mapping[str, Any]) -> list[str]:
    return [name for name, it in properties.items() if not it.get("readOnly")][:1]


def _text(schema: Mapping[str, Any], name: str) -> str:
    text = _FORMATS.get(schema.get("format", "")) or _NAMES.get(name, name or "text")
    if "pattern" in schema and not re.search(schema["pattern"], text):
        text = text.lower()
    shortest, longest = schema.get("minLength", 0), schema.get("maxLength", len(text))
    return text[:longest] if len(text) >= shortest else (text * shortest)[:shortest]


def curl(server: str, path: str, method: str, operation: Mapping[str, Any]) -> str:
    """Return a command line that calls the operation; the token is an environment variable."""
    address = server.rstrip("/") + _ID.sub("1", path) + _query(operation)
    words = [f"curl {shlex.quote(address)}"]
    if method != "GET":
        words.insert(0, f"curl -X {method} {words.pop().removeprefix('curl ')}")
    if any(BEARER in way for way in operation.get("security", ())):
        words.append('-H "Authorization: Bearer $TOKEN"')
    for media, content in operation.get("requestBody", {}).get("content", {}).items():
        if media == MULTIPART:
            words.append("-F file=@picture.png")
            continue
        words.append(f"-H {shlex.quote(f'Content-Type: {media}')}")
        body = orjson.dumps(sample(content["schema"]), option=orjson.OPT_INDENT_2).decode()
        words.append(f"-d {shlex.quote(body)}")
    return " \\\n  ".join(words)


def _query(operation: Mapping[str, Any]) -> str:
    needed = [
        f"{it['name']}={sample(it['schema'], it['name'])}"
        for it in operation.get("parameters", ())
        if it.get("in") == "query" and it.get("required")
    ]
    return "?" + "&".join(needed) if needed else ""

"""Mails for tests, written as bytes."""

from __future__ import annotations

from support_email.reading import Mail, read_mail


def lines(*rows: str) -> bytes:
    """Join lines as they go over the wire."""
    return "\r\n".join(rows).encode()


def a_mail(*rows: str, **fields: str) -> Mail:
    """Return a mail of these body lines; `reply_to="x"` is the field Reply-To."""
    given = {"from": "Ann <ann@example.org>", "subject": "Hello", **fields}
    header = [f"{name.replace('_', '-')}: {value}" for name, value in given.items() if value]
    return read_mail(lines(*header, "", *rows))


def a_multipart(kind: str, *parts: bytes, **fields: str) -> Mail:
    """Return a multipart mail; each part has its own header."""
    header = {"from": "ann@example.org", "subject": "Hello", **fields}
    said = [f"{name.replace('_', '-')}: {value}" for name, value in header.items()]
    top = lines(*said, f"Content-Type: multipart/{kind}; boundary=frontier", "", "")
    body = b"".join(b"--frontier\r\n" + part + b"\r\n" for part in parts)
    return read_mail(top + body + b"--frontier--\r\n")

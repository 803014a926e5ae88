"""What Outlook packs into winmail.dat (MS-OXTNEF)."""

from __future__ import annotations

import base64
import struct

import pytest

from support_email.reading.tnef import unpack

from .making import a_multipart, lines

SIGNATURE = struct.pack("<IH", 0x223E9F78, 1)


def attribute(name: int, value: bytes, level: int = 2) -> bytes:
    return struct.pack("<BHHI", level, name, 6, len(value)) + value + b"\0\0"


def text_property(identifier: int, text: str) -> bytes:
    value = text.encode("utf-16-le") + b"\0\0"
    padded = value + b"\0" * (-len(value) % 4)
    return struct.pack("<HHII", 0x1F, identifier, 1, len(value)) + padded


def properties(*encoded: bytes) -> bytes:
    return struct.pack("<I", len(encoded)) + b"".join(encoded)


def number_property(identifier: int, number: int) -> bytes:
    return struct.pack("<HHI", 3, identifier, number)


def named_property(text: str) -> bytes:
    name = text.encode("utf-16-le") + b"\0\0"
    padded = name + b"\0" * (-len(name) % 4)
    head = struct.pack("<HH", 3, 0x8001) + b"\0" * 16 + struct.pack("<II", 1, len(name))
    return head + padded + struct.pack("<I", 7)


STREAM = (
    SIGNATURE
    + attribute(0x9007, struct.pack("<II", 1252, 0), 1)
    + attribute(0x800C, "Grüße\0".encode("cp1252"), 1)
    + attribute(
        0x9003,
        properties(number_property(1, 5), named_property("x"), text_property(0x1013, "<p>Hi</p>")),
        1,
    )
    + attribute(0x9002, b"\0" * 14)
    + attribute(0x8010, b"SHORT~1.TXT\0")
    + attribute(0x800F, b"content")
    + attribute(
        0x9005, properties(text_property(0x3707, "long name.txt"), text_property(0x370E, "text/x"))
    )
)


def test_files_and_bodies_are_unpacked():
    unpacked = unpack(STREAM)
    assert unpacked is not None
    assert (unpacked.text, unpacked.html) == ("Grüße", "<p>Hi</p>")
    (file,) = unpacked.attachments
    assert (file.name, file.content_type, file.content) == ("long name.txt", "text/x", b"content")


def test_a_mail_has_the_files_of_its_winmail_dat():
    packed = lines(
        "Content-Type: application/ms-tnef; name=winmail.dat",
        "Content-Transfer-Encoding: base64",
        "",
        base64.b64encode(STREAM).decode(),
    )
    mail = a_multipart("mixed", lines("", "Text"), packed)
    assert mail.text == "Text"
    assert [it.name for it in mail.attachments] == ["long name.txt"]


@pytest.mark.parametrize("broken", [b"", b"x" * 20, SIGNATURE + b"\0" * 3])
def test_what_is_no_tnef_is_none_or_empty(broken):
    unpacked = unpack(broken)
    assert unpacked is None or unpacked.attachments == ()


def test_a_broken_stream_stays_a_file():
    broken = SIGNATURE + attribute(0x9003, b"\xff\xff\xff\xff\x1f\0")
    part = lines("Content-Type: application/ms-tnef; name=winmail.dat", "", "")
    mail = a_multipart("mixed", part + broken)
    assert [it.name for it in mail.attachments] == ["winmail.dat"]

"""Reading forms: what browsers and clients send, in pieces of any size, and what is too much."""

from __future__ import annotations

from io import BytesIO

import pytest

from support_core.rest.forms import (
    MOST_AROUND,
    MOST_PARTS,
    FormUnreadable,
    boundary_of,
    read_form,
)

DISPOSITION = b'Content-Disposition: form-data; name="file"; filename="a.bin"'


class Trickle(BytesIO):
    """A stream that gives one byte at a time."""

    def read(self, _size: int | None = -1, /) -> bytes:
        return super().read(1)


def form(*parts: tuple[bytes, bytes], boundary: bytes = b"b") -> bytes:
    written = b"".join(
        b"--" + boundary + b"\r\n" + headers + b"\r\n\r\n" + content + b"\r\n"
        for headers, content in parts
    )
    return written + b"--" + boundary + b"--\r\n"


CONTENTS = {
    "nothing": b"",
    "text": b"hello",
    "line ends": b"\r\n\r\n--\r\n",
    "nearly the boundary": b"\r\n--\r\n-b--\r\n--a",
    "every byte": bytes(range(256)) * 300,
}


@pytest.mark.parametrize("kind", CONTENTS)
@pytest.mark.parametrize("stream", [BytesIO, Trickle])
def test_a_file_comes_back_byte_for_byte(stream: type[BytesIO], kind: str) -> None:
    raw = form(
        (b'Content-Disposition: form-data; name="note"', b"words"),
        (DISPOSITION + b"\r\nContent-Type: image/png", CONTENTS[kind]),
    )
    note, file = read_form(stream(b"preamble\r\n" + raw + b"epilogue"), b"b")
    assert (note.name, note.filename, note.file.read()) == ("note", None, b"words")
    assert (file.name, file.filename, file.content_type) == ("file", "a.bin", "image/png")
    assert file.file.read() == CONTENTS[kind]
    file.file.close()


@pytest.mark.parametrize(
    ("header", "name"),
    [
        (b'form-data; name="file"; filename="a b;c=d.txt"', "a b;c=d.txt"),
        (rb'form-data; name="file"; filename="a\"b\\c.txt"', 'a"b\\c.txt'),
        (rb'form-data; name="file"; filename="C:\me\a.txt"', "C:\\me\\a.txt"),
        (b"form-data; name=file; filename=plain.txt", "plain.txt"),
        (b'form-data; filename="first.txt"; name="file"', "first.txt"),
        ('form-data; name="file"; filename="☃.txt"'.encode(), "☃.txt"),
        (b'form-data; name="file"; filename="\xff.txt"', "\ufffd.txt"),
        (b'FORM-DATA; Name="file"; FileName="x"', "x"),
        (b'form-data; name="file"; filename=""', None),
    ],
)
def test_names_are_read_as_they_were_written(header: bytes, name: str | None) -> None:
    (part,) = read_form(BytesIO(form((b"content-disposition: " + header, b"x"))), b"b")
    assert (part.name, part.filename) == ("file", name)
    part.file.close()


def test_a_body_without_a_boundary_has_no_parts() -> None:
    assert read_form(BytesIO(b""), b"b") == []
    assert read_form(BytesIO(b"garbage"), b"b") == []
    assert read_form(BytesIO(b"--b--"), b"b") == []


UNREADABLE = {
    "no end": form((DISPOSITION, b"x"))[:-9],
    "no name": form((b"Content-Type: text/plain", b"x")),
    "another disposition": form((b'Content-Disposition: attachment; name="file"', b"x")),
    "text behind the boundary": form((DISPOSITION, b"x")).replace(b"--b\r\n", b"--bc\r\n", 1),
    "many parts": form(*[(DISPOSITION, b"x")] * (MOST_PARTS + 1)),
    "many headers": form((DISPOSITION + b"\r\nX: y" * MOST_AROUND, b"x")),
    "one endless header": form((DISPOSITION + b"\r\nX: " + b"y" * MOST_AROUND, b"x")),
    "long preamble": b"x" * (MOST_AROUND + 1) + b"\r\n" + form((DISPOSITION, b"x")),
    "long field": form((b'Content-Disposition: form-data; name="a"', b"x" * (MOST_AROUND + 1))),
}


@pytest.mark.parametrize("kind", UNREADABLE)
def test_what_is_no_form_or_too_much_of_one_is_refused(kind: str) -> None:
    with pytest.raises(FormUnreadable):
        read_form(BytesIO(UNREADABLE[kind]), b"b")


def test_reading_stops_at_the_limit() -> None:
    stream = BytesIO(form((DISPOSITION + b"\r\nX: y" * 1_000_000, b"x")))
    with pytest.raises(FormUnreadable):
        read_form(stream, b"b")
    assert stream.tell() < 200_000


@pytest.mark.parametrize(
    ("header", "boundary"),
    [
        ("multipart/form-data; boundary=abc", b"abc"),
        ('multipart/form-data; charset=utf-8; boundary="a b"', b"a b"),
        ("multipart/form-data;boundary=----a_BoUnDaRy42$", b"----a_BoUnDaRy42$"),
    ],
)
def test_the_boundary_is_in_the_content_type(header: str, boundary: bytes) -> None:
    assert boundary_of(header) == boundary


@pytest.mark.parametrize(
    "header",
    [
        "multipart/form-data",
        "multipart/form-data; boundary=",
        'multipart/form-data; boundary="a "',
        "multipart/form-data; boundary=\u2603",
        "multipart/form-data; boundary=" + "x" * 201,
    ],
)
def test_a_boundary_that_cannot_be_one_is_refused(header: str) -> None:
    with pytest.raises(FormUnreadable):
        boundary_of(header)

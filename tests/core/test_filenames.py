from __future__ import annotations

import unicodedata
from email.message import Message
from urllib.parse import unquote

import pytest
from hypothesis import example, given, strategies as st

from support_core.filenames import content_disposition, safe_filename

names = st.text() | st.text(alphabet="a.ž /\\:*\u202e\u200d\"%'con1-\t", max_size=20)


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("report.pdf", "report.pdf"),
        ("Žluťoučký kůň.pdf", "Žluťoučký kůň.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\me\\invoice.pdf", "invoice.pdf"),
        ("a/b\\c.txt", "c.txt"),
        ("", "attachment"),
        (".", "attachment"),
        ("..", "attachment"),
        ("dir/", "attachment"),
        (" . ", "attachment"),
        ("\x00\x1f\x7f\x85", "attachment"),
        ("\u200d", "attachment"),
        (".htaccess", "htaccess"),
        ("name.txt. . ", "name.txt"),
        ("a\r\nb\tc.txt", "a b c.txt"),
        ("invoice.pdf               .exe", "invoice.pdf .exe"),
        ("invoice\u202efdp.exe", "invoicefdp.exe"),
        ("a\u200e\u200f\u2066\u2069\ufeff\u061cb.txt", "ab.txt"),
        ("پیش\u200cنویس.txt", "پیش\u200cنویس.txt"),
        ("👩\u200d🚀.png", "👩\u200d🚀.png"),
        ("e\u0301.txt", "\u00e9.txt"),
        ('a<b>c:d"e|f?g*.txt', "a_b_c_d_e_f_g_.txt"),
        ("con", "_con"),
        ("NUL.txt", "_NUL.txt"),
        ("com1.tar.gz", "_com1.tar.gz"),
        ("LPT³.x", "_LPT³.x"),
        ("aux .txt", "_aux .txt"),
        ("console.txt", "console.txt"),
        ("com10.txt", "com10.txt"),
        ("a\udc80b.txt", "ab.txt"),
    ],
)
def test_names_become_harmless_and_stay_readable(name: str, safe: str) -> None:
    assert safe_filename(name) == safe


@pytest.mark.parametrize("letter", ["a", "ž", "語", "👩"])
def test_a_long_name_is_cut_and_keeps_its_extension(letter: str) -> None:
    safe = safe_filename(letter * 300 + ".docx")
    assert safe.endswith(f"{letter}.docx")
    assert 250 <= len(safe.encode()) <= 255


def test_a_long_extension_is_no_extension() -> None:
    assert safe_filename("a." + "x" * 300) == "a." + "x" * 253


@given(names)
@example("a" * 249 + " .docx")
@example("con " + "." * 300 + "x")
@example("a" * 254 + ". . .b")
@example("\u200d.con")
def test_any_name_becomes_one_file_in_any_folder(name: str) -> None:
    safe = safe_filename(name)
    assert 0 < len(safe.encode()) <= 255
    assert not set(safe) & set('/\\<>:"|?*')
    assert not any(
        unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"} for character in safe
    )
    assert safe == safe.strip(" .")
    assert safe_filename(safe) == safe


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("report.pdf", 'attachment; filename="report.pdf"'),
        ("my report.pdf", 'attachment; filename="my report.pdf"'),
        (
            "€ rates.txt",
            "attachment; filename=\"rates.txt\"; filename*=UTF-8''%E2%82%AC%20rates.txt",
        ),
        ("kůň.txt", "attachment; filename=\"kun.txt\"; filename*=UTF-8''k%C5%AF%C5%88.txt"),
        ("語.txt", "attachment; filename=\"attachment.txt\"; filename*=UTF-8''%E8%AA%9E.txt"),
        ("語", "attachment; filename=\"attachment\"; filename*=UTF-8''%E8%AA%9E"),
        ("100%25.txt", "attachment; filename=\"100_25.txt\"; filename*=UTF-8''100%2525.txt"),
        ('a"; x="b.txt', 'attachment; filename="a_; x=_b.txt"'),
        ("it's (1).txt", 'attachment; filename="it\'s (1).txt"'),
    ],
)
def test_the_header_carries_the_name(name: str, header: str) -> None:
    assert content_disposition(name) == header


@given(names)
def test_any_name_makes_a_header_that_gives_it_back(name: str) -> None:
    header = content_disposition(name)
    assert header.isascii()
    assert header.isprintable()
    message = Message()
    message["Content-Disposition"] = header
    assert message.get_content_disposition() == "attachment"
    extended = header.partition("filename*=UTF-8''")[2]
    found = unquote(extended) if extended else message.get_filename()
    assert found == safe_filename(name)

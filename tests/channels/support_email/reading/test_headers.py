"""Where headers end, and what encoded words and parameters say."""

from __future__ import annotations

import pytest

from support_email.reading import read_mail
from support_email.reading.headers import LONGEST_FIELD, MOST_FIELDS, split
from support_email.reading.parameters import parameterised
from support_email.reading.words import decode_words, text

from .making import a_mail


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ("=?utf-8?q?Fr=C3=B6sche?=", "Frösche"),
        ("=?UTF-8?B?RnLDtnNjaGU=?= quaken", "Frösche quaken"),
        ("=?iso-8859-1?Q?Fr=F6sche?=", "Frösche"),
        ("=?utf-8?q?Fr=C3?= =?utf-8?q?=B6sche?=", "Frösche"),
        ("=?utf-8*de?q?Fr=C3=B6sche?=", "Frösche"),
        ("=?utf-8?q?two_words?=", "two words"),
        ("a =?utf-8?q?b?= c", "a b c"),
        ("=?utf-8?q?a?= =?iso-8859-1?q?b?=", "ab"),
        ("=?gb2312?B?xOO6ww==?=", "你好"),
        ("=?iso-2022-jp?B?GyRCJDMkcyRLJEEkTxsoQg==?=", "こんにちは"),
        ("=?utf-8?B?RnLDtnNjaGU?=", "Frösche"),
        ("=?no-such-charset?q?plain?=", "plain"),
        ("=?utf-8?q?never ended", "=?utf-8?q?never ended"),
        ("100 =? 50", "100 =? 50"),
    ],
)
def test_encoded_words_are_decoded(raw, said):
    assert decode_words(raw) == said


@pytest.mark.parametrize(
    ("raw", "hint", "said"),
    [
        ("Frösche".encode(), "", "Frösche"),
        ("Frösche".encode("latin-1"), "iso-8859-1", "Frösche"),
        ("Привет".encode("koi8-r"), "koi8-r", "Привет"),
        ("こんにちは".encode("iso2022_jp"), "iso-2022-jp", "こんにちは"),
        ("Frösche".encode("latin-1"), "", "Fr\ufffdsche"),
        ("=?iso-8859-1?Q?Frösche?=".encode("latin-1"), "", "Frösche"),
        (b"folded\r\n line", "", "folded line"),
        (b"with\0NUL", "", "withNUL"),
    ],
)
def test_raw_bytes_are_utf_8_or_in_the_charset_of_the_part(raw, hint, said):
    assert text(raw, hint) == said


@pytest.mark.parametrize(
    ("raw", "parameters"),
    [
        ("text/plain; charset=utf-8", {"charset": "utf-8"}),
        ('a/b; name="a;b.txt"', {"name": "a;b.txt"}),
        (r'a/b; name="say \"hi\""', {"name": 'say "hi"'}),
        ("a/b; name=two words.txt", {"name": "two words.txt"}),
        ("a/b; filename*=utf-8''Fr%C3%B6sche.txt", {"filename": "Frösche.txt"}),
        ("a/b; filename*=iso-8859-1'de'Fr%F6sche.txt", {"filename": "Frösche.txt"}),
        ('a/b; name*0="long "; name*1="name.txt"', {"name": "long name.txt"}),
        ("a/b; name*1*=%A4.txt; name*0*=utf-8''%C3", {"name": "ä.txt"}),
        ('a/b; name="=?utf-8?q?Fr=C3=B6sche=2Etxt?="', {"name": "Frösche.txt"}),
        ('a/b; name="never ended', {"name": "never ended"}),
        ("a/b;;; ; x", {}),
        ("text/plain charset=utf-8", {"charset": "utf-8"}),
        ('filename="only.txt"', {"filename": "only.txt"}),
        ("a/b; name='single.txt'", {"name": "single.txt"}),
        ("a/b; name*=q%20q.txt", {"name": "q q.txt"}),
        ('a/b; name*0="=?UTF-8?B?w6"; name*1="QudHh0?="', {"name": "ä.txt"}),
        ("a/b", {}),
    ],
)
def test_parameters_are_read_in_pieces_and_charsets(raw, parameters):
    assert parameterised(raw).parameters == parameters


def test_the_type_is_read_without_its_case():
    assert parameterised("TEXT/Plain; a=b").value == "text/plain"


def test_a_header_ends_with_the_first_line_that_is_no_field():
    mail = read_mail(
        b"Subject: Hi\r\nno field\r\nAuthentication-Results: mx; dkim=pass\r\n\r\nText\r\n"
    )
    assert mail.subject == "Hi"
    assert "Authentication-Results" not in mail.headers
    assert mail.text.startswith("no field")


def test_the_envelope_line_of_an_mbox_is_passed_over():
    assert read_mail(b"From ann@example.org Mon Jan 1\nSubject: Hi\n\nText").subject == "Hi"


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_every_line_end_is_understood(end):
    mail = read_mail(end.join([b"Subject: Hi", b"X-A: b", b"", b"One", b"Two"]))
    assert (mail.subject, mail.text) == ("Hi", "One\nTwo")


def test_fields_are_looked_up_without_their_case_and_keep_their_order():
    headers = a_mail(x_a="1").headers
    assert headers.get("X-a") == "1"
    assert "SUBJECT" in headers
    assert [name for name, _ in headers] == ["from", "subject", "x-a"]
    assert len(headers) == 3
    assert headers.names() == {"from", "subject", "x-a"}


def test_a_header_of_too_many_fields_is_cut_and_its_body_found():
    raw = b"Subject: Hi\n" + b"X: y\n" * MOST_FIELDS + b"\nText"
    mail = read_mail(raw)
    assert (mail.subject, mail.text) == ("Hi", "Text")
    assert mail.defects == ("A header is longer than any mail needs and was cut.",)


def test_a_field_that_is_too_long_is_cut():
    block = split(b"X: " + b"a" * 100 + b"\n" + b" b\n" * LONGEST_FIELD + b"\nText")
    assert block.is_cut
    assert len(block.fields[0].value) <= LONGEST_FIELD

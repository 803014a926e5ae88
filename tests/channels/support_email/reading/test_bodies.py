"""Bodies and files, transfer encodings and charsets, whole mails and broken ones."""

from __future__ import annotations

import base64
import binascii

import pytest

from support_email.reading import Attachment, forwarded, read_mail
from support_email.reading.charsets import decode
from support_email.reading.mime import DEEPEST, MOST_PARTS
from support_email.reading.transfer import decode_content

from .making import a_mail, a_multipart, lines

TEXT = lines("Content-Type: text/plain; charset=utf-8", "", "Grüße")
HTML = lines("Content-Type: text/html; charset=utf-8", "", "<p>Grüße <img src='cid:pic@x'></p>")
IMAGE = lines(
    "Content-Type: image/png; name=pic.png",
    "Content-Disposition: inline",
    "Content-ID: <pic@x>",
    "Content-Transfer-Encoding: base64",
    "",
    "iVBORw0KGgo=",
)
FILE = lines("Content-Type: text/plain", "Content-Disposition: attachment; filename=a.txt", "", "A")


def test_an_alternative_has_a_text_and_html():
    mail = a_multipart("alternative", TEXT, HTML)
    assert mail.text == "Grüße"
    assert mail.html.startswith("<p>Grüße")
    assert mail.attachments == ()


def test_images_that_the_html_shows_are_inline_and_files_are_not():
    mail = a_multipart("related", HTML, IMAGE, FILE)
    assert [(it.name, it.inline, it.content_id) for it in mail.attachments] == [
        ("pic.png", True, "pic@x"),
        ("a.txt", False, ""),
    ]
    assert mail.attachments[0].content == b"\x89PNG\r\n\x1a\n"
    assert mail.text == ""


def test_a_calendar_among_alternatives_is_a_file():
    invitation = lines("Content-Type: text/calendar; method=REQUEST", "", "BEGIN:VCALENDAR")
    mail = a_multipart("alternative", TEXT, HTML, invitation)
    assert [it.content_type for it in mail.attachments] == ["text/calendar"]


def test_texts_that_follow_each_other_are_one_text():
    assert a_multipart("mixed", TEXT, TEXT).text == "Grüße\nGrüße"


def test_html_between_texts_makes_an_html_body_of_all():
    mail = a_multipart("mixed", TEXT, HTML)
    assert mail.text == "Grüße"
    assert mail.html.index("Grüße</div>") < mail.html.index("<p>")


def test_an_enclosed_mail_is_a_file_named_by_its_subject():
    enclosed = lines("Content-Type: message/rfc822", "", "Subject: Inner", "", "Inner text")
    mail = a_multipart("mixed", TEXT, enclosed)
    (file,) = mail.attachments
    assert (file.name, file.content_type) == ("Inner.eml", "message/rfc822")
    assert file.content == b"Subject: Inner\r\n\r\nInner text"
    assert mail.text == "Grüße"


@pytest.mark.parametrize(
    "content_type",
    ["application/pkcs7-mime; name=smime.p7m", "application/octet-stream; name=encrypted.asc"],
)
def test_what_is_encrypted_is_left_whole(content_type):
    mail = a_multipart("mixed", lines(f"Content-Type: {content_type}", "", "secret"))
    assert mail.attachments[0].content == b"secret"


def test_a_signature_is_a_file_beside_what_it_signs():
    signature = lines("Content-Type: application/pgp-signature; name=signature.asc", "", "-----")
    mail = a_multipart("signed", TEXT, signature)
    assert mail.text == "Grüße"
    assert [it.name for it in mail.attachments] == ["signature.asc"]


def test_uuencoded_files_are_taken_out_of_the_text():
    coded = binascii.b2a_uu(b"content").decode().rstrip("\n")
    mail = a_mail("Before", "begin 644 a.bin", coded, "`", "end", "After")
    assert mail.attachments == (Attachment("a.bin", "application/octet-stream", b"content"),)
    assert mail.text == "Before\n\nAfter"


def test_text_that_only_begins_as_uuencoded_stays():
    mail = a_mail("begin 644 reading", "at page 3")
    assert mail.text == "begin 644 reading\nat page 3"
    assert mail.attachments == ()


def test_a_multipart_whose_boundary_is_another_is_read_by_the_one_it_has():
    raw = lines("Content-Type: multipart/mixed; boundary=no", "", "--yes", *_text_part(), "--yes--")
    mail = read_mail(raw)
    assert mail.text == "Text"
    assert mail.defects == ("The boundary of a multipart is not the one it names.",)


def test_a_multipart_that_is_never_closed_is_read_to_its_end():
    raw = lines("Content-Type: multipart/mixed; boundary=b", "", "--b", *_text_part())
    assert read_mail(raw).text == "Text"


def test_a_multipart_without_parts_is_text():
    mail = read_mail(lines("Content-Type: multipart/mixed; boundary=b", "", "Only text"))
    assert mail.text == "Only text"
    assert mail.defects == ("A multipart has no parts; it was read as text.",)


def test_a_boundary_that_another_begins_with_is_not_it():
    inner = lines("Content-Type: multipart/alternative; boundary=frontier-2", "")
    nested = inner + b"\r\n--frontier-2\r\n" + TEXT + b"\r\n--frontier-2--"
    assert a_multipart("mixed", nested, FILE).text == "Grüße"


def test_nesting_has_an_end():
    raw = b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (depth, depth)
        for depth in range(DEEPEST * 3)
    )
    mail = read_mail(raw + b"\nText")
    assert "The mail is nested deeper than any mail needs." in mail.defects
    assert "Text" in mail.text


def test_parts_have_an_end():
    mail = a_multipart("mixed", *([TEXT] * (MOST_PARTS + 10)))
    assert "The mail has more parts than any mail needs." in mail.defects
    assert sum(1 for _ in mail.root.walk()) == MOST_PARTS


def _text_part() -> tuple[str, ...]:
    return ("Content-Type: text/plain", "", "Text")


@pytest.mark.parametrize(
    ("encoding", "content", "decoded"),
    [
        ("base64", b"R3LDvMOfZQ==", "Grüße".encode()),
        ("BASE64", b"R3L Dv*MO\r\nfZQ", "Grüße".encode()),
        ("base64", b"QQ==QUI=", b"AAB"),
        ("base64", b"QUJD\r\nQ", b"ABC"),
        ("quoted-printable", b"Gr=C3=BC=C3=9Fe=\r\n!", "Grüße!".encode()),
        ("quoted-printable", b"a = b=zz", b"a = b=zz"),
        ("x-uuencode", b"begin 644 a\n#0V%T\n`\nend\n", b"Cat"),
        ("7bit", b"a=20b", b"a=20b"),
        ("nonsense", b"as it is", b"as it is"),
    ],
)
def test_transfer_encodings_are_undone(encoding, content, decoded):
    assert decode_content(content, encoding) == decoded


def test_base64_comes_back_byte_for_byte():
    content = bytes(range(256)) * 50
    assert decode_content(base64.encodebytes(content), "base64") == content


@pytest.mark.parametrize(
    ("text", "written_in", "called"),
    [
        ("Grüße", "utf-8", "utf-8"),
        ("Grüße", "utf-8", "iso-8859-1"),
        ("Grüße", "utf-8", "big5"),
        ("Grüße", "utf-8", ""),
        ("Grüße", "latin-1", "iso-8859-1"),
        ("„Gänsefüßchen“ – €", "cp1252", "iso-8859-1"),
        ("Привет", "koi8-r", "KOI8-R"),
        ("Привет", "cp1251", "windows-1251"),
        ("こんにちは", "iso2022_jp", "iso-2022-jp"),
        ("こんにちは①", "cp932", "shift_jis"),
        ("你好", "gb18030", "gb2312"),
        ("안녕하세요", "cp949", "ks_c_5601-1987"),
        ("שלום", "iso8859_8", "iso-8859-8-i"),
        ("Grüße", "utf-7", "unicode-1-1-utf-7"),
        ("Grüße", "utf-16", "utf-16"),
        ("plain", "ascii", "no-such-charset"),
        ("Grüße", "cp1252", "no-such-charset"),
    ],
)
def test_a_text_is_read_in_the_charset_it_is_in(text, written_in, called):
    assert decode(text.encode(written_in), called) == text


def test_a_charset_that_nobody_named_is_recognised():
    text = "Съешь ещё этих мягких французских булок, да выпей же чаю. Очень просим вас ответить."
    assert decode(text.encode("cp1251")) == text


def test_a_few_broken_bytes_do_not_break_utf_8():
    text = "Žluťoučký kůň úpěl ďábelské ódy. " * 10
    assert decode(text.encode() + b"\xff", "utf-8") == text + "\ufffd"


@pytest.mark.parametrize("codec", ["rot13", "zlib", "unicode_escape", "idna", "undefined", "hex"])
def test_codecs_that_are_no_charsets_are_none(codec):
    assert decode(b"\\u0041 \xe4", codec) == "\\u0041 ä"


def test_nul_bytes_leave_the_text():
    assert a_mail("a\0b").text == "ab"


@pytest.mark.parametrize(
    ("said", "name"),
    [
        (r'"C:\\Users\\tom\\a.txt"', "a.txt"),
        ('"../../etc/passwd"', "passwd"),
        ('"/tmp/x.txt"', "x.txt"),
        ('"Bill 12/2019.pdf"', "Bill 12/2019.pdf"),
        ("=?UTF-8?Q?=C3=A4_b.txt?=", "ä b.txt"),
    ],
)
def test_a_file_is_named_without_its_senders_folders(said, name):
    file = lines(
        "Content-Type: application/pdf",
        f"Content-Disposition: attachment; filename={said}",
        "",
        "A",
    )
    assert [it.name for it in a_multipart("mixed", TEXT, file).attachments] == [name]


def test_a_mail_without_a_word_of_its_own_shows_the_one_it_encloses():
    enclosed = lines("Content-Type: message/rfc822", "", "Subject: Hi", "", "Hello there")
    mail = a_multipart("mixed", lines("Content-Type: text/plain", "", ""), enclosed)
    assert (mail.text, len(mail.attachments)) == ("Hello there", 1)
    passed_on = forwarded(mail)
    assert passed_on is not None
    assert (passed_on.text, passed_on.note) == ("Hello there", "")

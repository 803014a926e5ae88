"""Headers, names and charsets as clients damage them, each with what was meant."""

from __future__ import annotations

import pytest

from support_email.reading import Mail, read_mail

SUBJECTS = {
    "=?utf-8?Q?Gr=C3=BC=C3=9Fe?=": "Grüße",
    "=?UTF-8?B?R3LDvMOfZQ==?=": "Grüße",
    "=?UTF-8?B?R3LDvMOfZQ?=": "Grüße",
    "=?utf-8?Q?Gr=C3=BC?= =?utf-8?Q?=C3=9Fe?=": "Grüße",
    "=?utf-8?B?R3LD?= =?utf-8?B?vMOfZQ==?=": "Grüße",
    "Re:=?utf-8?Q?Gr=C3=BC=C3=9Fe?=": "Re:Grüße",
    '"=?utf-8?Q?Gr=C3=BC=C3=9Fe?="': '"Grüße"',
    "=?utf-8?Q?Gr=C3=BC=C3=9Fe an alle?=": "Grüße an alle",
    "=?utf-8*de?Q?Gr=C3=BC=C3=9Fe?=": "Grüße",
    "=?gb2312?B?xOO6ww==?=": "你好",
    "=?ISO-2022-JP?B?GyRCJDMbKEI=?=": "こ",
    "=?koi8-r?B?8NLJ18XU?=": "Привет",
    "=?windows-1251?Q?=CF=F0=E8=E2=E5=F2?=": "Привет",
    "=?euc-kr?B?vsiz5w==?=": "안녕",
    "=?iso-8859-1?Q?=80?=": "€",
    "=?x-unknown?Q?Gr=C3=BC=C3=9Fe?=": "Grüße",
    "100% =? what": "100% =? what",
    "=?utf-8?b?R3LDvMOfZQ==?=": "Grüße",
    "=?utf-8?Q?a_b?= c": "a b c",
    "=?utf-8?Q?a?= =?iso-8859-1?Q?=FC?=": "aü",
    "=?utf-8?Q?a?=\r\n\t=?utf-8?Q?b?=": "ab",
    "=?utf-8?Q?a=ZZb?=": "a=ZZb",
    "=?utf-8?Q??=": "",
    "=?Shift_JIS?B?grE=?=": "こ",
    "=?utf-8?Q?a=3Db?=": "a=b",
    "=?cp932?B?grE=?=": "こ",
    "=?utf8?Q?=C3=BC?=": "ü",
    "=?us-ascii?Q?=C3=BC?=": "ü",
    "=?UTF-8?B?R3LD\r\n vMOfZQ==?=": "Grüße",
}
DISPOSITIONS = {
    "attachment; filename*=UTF-8''Gr%C3%BC%C3%9Fe.pdf": "Grüße.pdf",
    "attachment; filename*0*=UTF-8''Gr%C3%BC; filename*1*=%C3%9Fe.pdf": "Grüße.pdf",
    'attachment; filename*0="Gr"; filename*1="uesse.pdf"': "Gruesse.pdf",
    'attachment; filename*1="b.pdf"; filename*0="a"': "ab.pdf",
    "attachment; filename*=\"UTF-8''Gr%C3%BC%C3%9Fe.pdf\"": "Grüße.pdf",
    "attachment; filename*=utf-8'de'Gr%C3%BC.pdf": "Grü.pdf",
    "attachment; filename=\"x.pdf\"; filename*=UTF-8''Gr%C3%BC.pdf": "Grü.pdf",
    'attachment; filename="=?utf-8?Q?Gr=C3=BC=C3=9Fe.pdf?="': "Grüße.pdf",
    "attachment; filename==?utf-8?Q?Gr=C3=BC=C3=9Fe.pdf?=": "Grüße.pdf",
    'attachment; filename="=?utf-8?B?R3LD?= =?utf-8?B?vA==?=.pdf"': "Grü.pdf",
    'attachment; filename="=?utf-8?Q?Gr=C3=BC?=\r\n =?utf-8?Q?=C3=9Fe.pdf?="': "Grüße.pdf",
    'attachment; filename="Grüße.pdf"': "Grüße.pdf",
    "attachment; filename=my file.pdf": "my file.pdf",
    'attachment; filename="a;b.pdf"': "a;b.pdf",
    'attachment; filename="a\\"b.pdf"': 'a"b.pdf',
    'attachment; filename="C:\\\\Users\\\\x\\\\a.pdf"': "a.pdf",
    'attachment; filename="/etc/passwd"': "passwd",
    'attachment; filename="../../a.pdf"': "a.pdf",
    "attachment; filename='a.pdf'": "a.pdf",
    'attachment; filename="a%20b.pdf"': "a%20b.pdf",
    'ATTACHMENT; FILENAME="a.pdf"': "a.pdf",
    'attachment; filename="a.pdf': "a.pdf",
    'attachment; filename = "a.pdf"': "a.pdf",
    "attachment; filename*=''a%20b.pdf": "a b.pdf",
    "attachment; filename*0*=UTF-8''a%20; filename*1=b%20c.pdf": "a b%20c.pdf",
    'attachment, filename="a.pdf"': "a.pdf",
    'attachment filename="a.pdf"': "a.pdf",
    "attachment; filename*=iso-8859-1''Gr%FC.pdf": "Grü.pdf",
    "attachment; filename*0==?utf-8?Q?Gr=C3=BC?=; filename*1=.pdf": "Grü.pdf",
}
BODIES = (
    ("text/plain; charset=iso-8859-1", b"Gr\xc3\xbc\xc3\x9fe", "Grüße"),
    ("text/plain; charset=utf-8", b"Viele Gr\xfc\xdfe aus M\xfcnchen", "Viele Grüße aus München"),
    (
        "text/plain",
        b"Sch\xf6ne Gr\xfc\xdfe aus M\xfcnchen f\xfcr \xdcbung",
        "Schöne Grüße aus München für Übung",
    ),
    ("text/plain; charset=utf-8", b"\xef\xbb\xbfHi", "Hi"),
    ("text/plain; charset=utf-16", b"\xff\xfeG\x00r\x00\xfc\x00\xdf\x00e\x00", "Grüße"),
    ("text/plain; charset=utf-16le", b"G\x00r\x00\xfc\x00\xdf\x00e\x00", "Grüße"),
    ("text/plain; charset=utf-7", b"Gr+APwA3w-e", "Grüße"),
    ("text/plain; charset=iso-2022-jp", b"\x1b$B$3$s$K$A$O\x1b(B", "こんにちは"),
    ("text/plain; charset=shift_jis", b"\x87@\x82\xb1", "①こ"),
    ("text/plain; charset=gb2312", b"\xc4\xe3\xba\xc3\x819\xee9", "你好㐀"),
    ("text/plain; charset=\"'utf-8'\"", b"\xc3\xbc", "ü"),
    ("text/plain; charset=cp-1252", b"\x80", "€"),
    ("text/plain; charset=", b"\xc3\xbc", "ü"),
    ("text/plain; charset=x-user-defined", b"\xc3\xbc", "ü"),
    ("text/plain; charset=iso-8859-15", b"\xa4", "€"),
    ("text/plain; charset=ks_c_5601-1987", b"\xbe\xc8\xb3\xe7", "안녕"),
    ("text/plain; charset=win-1252", b"\xe4", "ä"),
    ("text/plain; charset=utf8mb4", b"\xf0\x9f\x98\x80", "😀"),
    ("text/plain; charset=_iso-2022-jp$ESC", b"\x1b$B$3\x1b(B", "こ"),
    ("text/plain; charset=UTF_8", b"\xc3\xbc", "ü"),
    ("text/plain charset=iso-8859-1", b"\xfc", "ü"),
    ('text/plain; charset = "iso-8859-1"', b"\xfc", "ü"),
    ("text/plain; charset=iso-8859-1; charset=utf-8", b"\xfc", "ü"),
    ("text/plain", b"Hi\x1b$B$3\x1b(B", "Hiこ"),
)
SENDERS = {
    "ann@example.com (Ann Smith)": ("ann@example.com", "Ann Smith"),
    '"Smith, Ann" <ann@example.com>': ("ann@example.com", "Smith, Ann"),
    "Smith, Ann <ann@example.com>": ("ann@example.com", "Smith, Ann"),
    "=?utf-8?Q?J=C3=B6rg?= <j@example.com>": ("j@example.com", "Jörg"),
    "Ann <mailto:ann@example.com>": ("ann@example.com", "Ann"),
    "Ann <<ann@example.com>>": ("ann@example.com", "Ann"),
    "Ann <'ann@example.com'>": ("ann@example.com", "Ann"),
    '"ann@example.com" <ann@example.com>': ("ann@example.com", "ann@example.com"),
    "Ann Smith ann@example.com": ("ann@example.com", "Ann Smith"),
    "Ann <ann@example.com>,": ("ann@example.com", "Ann"),
    "Ann < ann@example.com >": ("ann@example.com", "Ann"),
    '"Ann \\"A\\" Smith" <ann@example.com>': ("ann@example.com", 'Ann "A" Smith'),
    "Ann @ Example <ann@example.com>": ("ann@example.com", "Ann @ Example"),
    "Ann <ann@exämple.com>": ("ann@exämple.com", "Ann"),
    "=?utf-8?Q?Ann_=3Cann=40example.com=3E?=": ("ann@example.com", "Ann"),
    "Ann [ann@example.com]": ("ann@example.com", "Ann"),
    "Team: ann@example.com;": ("ann@example.com", ""),
    '"Ann Smith <ann@example.com>': ("ann@example.com", "Ann Smith"),
    "=?utf-8?Q?Smith=2C_J=C3=B6rg?= <j@example.com>": ("j@example.com", "Smith, Jörg"),
    "ann@example.com; bob@example.com": ("ann@example.com", ""),
}


def read(*fields: str, body: bytes = b"Hi") -> Mail:
    return read_mail("\r\n".join(fields).encode() + b"\r\n\r\n" + body)


@pytest.mark.parametrize("subject", SUBJECTS)
def test_encoded_words_are_read_as_they_were_meant(subject):
    assert read(f"Subject: {subject}").subject == SUBJECTS[subject]


@pytest.mark.parametrize("disposition", DISPOSITIONS)
def test_file_names_are_read_as_they_were_meant(disposition):
    part = f"--b\r\nContent-Type: application/pdf\r\nContent-Disposition: {disposition}\r\n\r\nx"
    mail = read("Content-Type: multipart/mixed; boundary=b", body=f"{part}\r\n--b--".encode())
    assert [file.name for file in mail.attachments] == [DISPOSITIONS[disposition]]


@pytest.mark.parametrize(("content_type", "body", "text"), BODIES)
def test_bodies_are_read_in_the_charset_that_was_meant(content_type, body, text):
    assert read(f"Content-Type: {content_type}", body=body).text == text


@pytest.mark.parametrize("sender", SENDERS)
def test_senders_are_read_as_they_were_meant(sender):
    found = read(f"From: {sender}").sender
    assert (found.email, found.name) == SENDERS[sender]

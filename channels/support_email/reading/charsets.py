"""Bytes to text, whatever charset the sender named and whichever was meant."""

from __future__ import annotations

import codecs
import re

from charset_normalizer import from_bytes

# Names that mails carry and Python does not know, and names whose senders mean a superset: what
# calls itself ISO-8859-1 is Windows-1252 (https://encoding.spec.whatwg.org/#names-and-labels).
_MEANT = {
    "ascii": "cp1252",
    "big5": "big5hkscs",
    "chinesebig5": "big5hkscs",
    "cnbig5": "big5hkscs",
    "xxbig5": "big5hkscs",
    "cp1252": "cp1252",
    "euccn": "gb18030",
    "gb2312": "gb18030",
    "gb231280": "gb18030",
    "gbk": "gb18030",
    "xgbk": "gb18030",
    "euckr": "cp949",
    "ksc5601": "cp949",
    "ksc56011987": "cp949",
    "ksc56011989": "cp949",
    "iso2022jp": "iso2022_jp_ext",
    "iso88591": "cp1252",
    "latin1": "cp1252",
    "usascii": "cp1252",
    "ansix341968": "cp1252",
    "iso646us": "cp1252",
    "iso88598e": "iso8859_8",
    "iso88598i": "iso8859_8",
    "iso88596i": "iso8859_6",
    "iso88599": "cp1254",
    "iso885911": "cp874",
    "tis620": "cp874",
    "windows874": "cp874",
    "shiftjis": "cp932",
    "sjis": "cp932",
    "xsjis": "cp932",
    "windows31j": "cp932",
    "macintosh": "mac_roman",
    "xmacroman": "mac_roman",
    "unicode11utf7": "utf_7",
    "unicode11utf8": "utf_8",
    "unicode20utf8": "utf_8",
    "utf8mb4": "utf_8",
    "xunicode20utf8": "utf_8",
    "xutf8": "utf_8",
}
_UTF_8 = frozenset({"utf-8", "utf_8"})
_PLAIN = frozenset({"", "cp1252"})
_SHIFT = b"\x1b$"  # to a set of two bytes a character (ISO 2022); no text has it otherwise
_SURROGATES = re.compile("[\ud800-\udfff]")  # which UTF-7 can spell, and nothing can write
_LETTERS = re.compile(r"[^a-z0-9]")
# Whole names of codecs that are no charsets, or whose decoding of much may cost more than it says.
_NO_CHARSETS = re.compile(
    r"idna|punycode|raw_unicode_escape|unicode_escape|undefined|mbcs|oem|palmos"
)
# A byte that is none of the charset's may stand among very many that are: one in so many at most.
_FEW = 50
_DETECTED_FROM = 4096  # bytes; more takes longer than it tells more
# Bytes beyond ASCII from which a guess is better than none.
_ENOUGH = 20


def decode(content: bytes, charset: str = "", *, guess: bool = True) -> str:
    """Return the text of `content`, never raising; U+FFFD stands for what cannot be read.

    Valid UTF-8 is UTF-8 whatever it is called. Otherwise the named charset holds, if the bytes
    agree; then UTF-8 with a few broken characters, then, where a `guess` is wanted, what the
    bytes look like: Windows-1252, if they are few.
    """
    codec = _codec(charset)
    if codec in _PLAIN and _SHIFT in content:
        codec = "iso2022_jp_ext"  # which every byte of it says
    if content.isascii() and not _is_stateful(codec):
        return content.decode("ascii")
    if not _is_stateful(codec) and not _is_wide(codec):
        try:
            return content.decode("utf-8-sig")
        except UnicodeDecodeError:
            pass
    if codec:
        try:
            return _SURROGATES.sub("\ufffd", content.decode(codec))
        except (UnicodeError, ValueError):
            pass
    return _SURROGATES.sub("\ufffd", _nearest(content, codec, guess=guess))


def _codec(charset: str) -> str:
    name = charset.strip().strip("\"'").lower()
    meant = _MEANT.get(_LETTERS.sub("", name))
    if meant:
        return meant
    try:
        info = codecs.lookup(name)
    except (LookupError, ValueError, UnicodeError):
        windows = re.fullmatch(r"(?:x-)?(?:cp|win|windows)[-_]?(\d{3,4})", name)
        return _codec(f"cp{windows[1]}") if windows and not name.startswith("cp") else ""
    is_text = getattr(info, "_is_text_encoding", True)
    return "" if not is_text or _NO_CHARSETS.fullmatch(info.name.replace("-", "_")) else info.name


def _is_stateful(codec: str) -> bool:
    """Whether ASCII bytes may mean something else in it."""
    return codec.replace("-", "_").startswith(("iso2022", "utf_7", "hz", "cp037", "cp500", "utf7"))


def _is_wide(codec: str) -> bool:
    return codec.replace("-", "_").startswith(("utf_16", "utf_32"))


def _nearest(content: bytes, codec: str, *, guess: bool) -> str:
    almost = content.decode("utf-8", "replace")
    if 0 < almost.count("\ufffd") * _FEW < _beyond_ascii(content):
        return almost
    if codec and codec not in {*_UTF_8, "cp1252"}:
        named = content.decode(codec, "replace")
        if named.count("\ufffd") * _FEW < _beyond_ascii(content):
            return named
    if guess and _beyond_ascii(content) >= _ENOUGH and (text := _detected(content)) is not None:
        return text
    if _looks_like_utf_8(content) or (codec in _UTF_8 and not guess):
        return almost
    return content.decode("cp1252" if codec in _UTF_8 else codec or "cp1252", "replace")


def _beyond_ascii(content: bytes) -> int:
    return len(content) - len(content.translate(None, bytes(range(128, 256))))


def _looks_like_utf_8(content: bytes) -> bool:
    return len(re.findall(rb"[\xc2-\xf4][\x80-\xbf]", content)) * 4 > _beyond_ascii(content)


def _detected(content: bytes) -> str | None:
    """Return the text in the charset that the bytes look like, None when they look like none."""
    first = next((index for index, byte in enumerate(content) if byte > 127), 0)
    best = from_bytes(content[first : first + _DETECTED_FROM]).best()
    if best is None:
        return None
    return content.decode(best.encoding, "replace")

"""Names of files that strangers sent, made harmless."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import quote

_MOST_BYTES = 255
_MOST_EXTENSION_BYTES = 32
_FALLBACK = "attachment"
_JOINERS = "\u200c\u200d"  # Persian and Indic words and emoji need them; they hide nothing
# https://learn.microsoft.com/en-us/windows/win32/fileio/naming-a-file
_FORBIDDEN = re.compile(r'[<>:"|?*]')
_RESERVED = re.compile(
    r"(?:con|prn|aux|nul|clock\$|conin\$|conout\$|(?:com|lpt)[0-9¹²³])(?=\s*(?:\.|$))",
    re.IGNORECASE,
)


def safe_filename(name: str) -> str:
    """Return a name that is a single file in any folder of any system, and looks like itself.

    Path parts, control characters, direction overrides and other invisible ones go, characters
    that Windows forbids become `_`; 255 bytes of UTF-8 at most, the extension kept; never empty.
    Applying it twice changes nothing more.
    """
    name = unicodedata.normalize("NFC", name)
    name = "".join(" " if character.isspace() else character for character in name)
    name = "".join(character for character in name if _is_visible(character))
    name = name.replace("\\", "/").rpartition("/")[2]
    name = _trimmed(" ".join(_FORBIDDEN.sub("_", name).split()))
    if _RESERVED.match(name):
        name = f"_{name}"
    return _shortened(name) or _FALLBACK


def content_disposition(name: str) -> str:
    """Return a Content-Disposition header value that saves a file under `safe_filename(name)`.

    RFC 6266, with the name in UTF-8 (RFC 8187) beside an ASCII one when ASCII cannot carry it.
    """
    name = safe_filename(name)
    # Some browsers decode %xx in the plain parameter, which RFC 6266 appendix D warns of.
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    plain = re.sub(r'[%"\\/]', "_", plain).strip()
    if not plain or plain.startswith("."):
        plain = f"{_FALLBACK}{plain}"
    plain = plain.rstrip(" .")
    if plain == name:
        return f'attachment; filename="{plain}"'
    encoded = quote(name, safe="!#$&+-.^_`|~")
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{encoded}"


def _is_visible(character: str) -> bool:
    # Cc control, Cf format (direction, byte order mark), Cs surrogate, Co private, Cn unassigned
    return character in _JOINERS or not unicodedata.category(character).startswith("C")


def _trimmed(name: str) -> str:
    """Without dots and spaces at the ends: hidden on Unix, dropped by Windows."""
    return name.strip(" ." + _JOINERS)


def _shortened(name: str) -> str:
    if len(name.encode()) <= _MOST_BYTES:
        return name
    stem, dot, extension = name.rpartition(".")
    if not dot or len(extension.encode()) > _MOST_EXTENSION_BYTES:
        stem, extension = name, ""
    ending = f"{dot}{extension}" if extension else ""
    room = _MOST_BYTES - len(ending.encode())
    return _trimmed(stem.encode()[:room].decode("utf-8", "ignore")) + ending

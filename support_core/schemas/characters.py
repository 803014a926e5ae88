"""Which characters a text may hold, and the same statement as a JSON Schema pattern.

Every pattern names its characters one by one instead of using ``\\s`` or ``\\w``, which mean
something else in each regular expression engine (ECMA-262, Python, Rust).
"""

from __future__ import annotations

import re

# What is stripped from both ends: every Unicode space, NEL, BOM and the zero-width space, as
# Laravel's TrimStrings does. The C0 separators Python would strip too are refused before.
WHITE = (
    " \t\n\r\u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u200b\u2028\u2029\u202f\u205f\u3000\ufeff"
)
WHITE_CLASS = (
    r" \t\n\r\u0085\u00a0\u1680\u2000-\u200b\u2028\u2029\u202f\u205f\u3000\ufeff"  # for [...]
)
_CONTROL_CLASS = r"\u0000-\u0008\u000b\u000c\u000e-\u001f"
_BREAK_CLASS = r"\n\r\u0085\u2028\u2029"

_CONTROLS = bytes(code for code in range(0x20) if code not in b"\t\n\r")
_BREAK = re.compile(f"[{_BREAK_CLASS}]")


def is_clean(text: str) -> bool:
    """Tell whether ``text`` is free of lone surrogates and of C0 controls but tab, LF and CR."""
    if text.isprintable():
        return True
    try:
        raw = text.encode()
    except UnicodeEncodeError:  # a lone surrogate; no database and no JSON takes it
        return False
    # A table-driven delete is ten times faster than a regular expression on a long body.
    return len(raw.translate(None, _CONTROLS)) == len(raw)


def has_line_break(text: str) -> bool:
    """Tell whether ``text`` has a character that starts a new line."""
    return not text.isprintable() and _BREAK.search(text) is not None


def pattern(*, minimum: int, strip: bool, single_line: bool, empty: bool) -> str:
    """Return the ECMA-262 pattern of the raw strings whose text is accepted.

    ``minimum`` counts after stripping; ``empty`` says that a text of nothing but white space is
    accepted as well (it then means null, or "").
    """
    white = f"[{WHITE_CLASS}]"
    breaks = _BREAK_CLASS if single_line else ""
    inner = f"[^{_CONTROL_CLASS}{breaks}]"
    edge = f"[^{_CONTROL_CLASS}{WHITE_CLASS}]"
    if not strip:
        longer = f"{inner}{{{minimum},}}"
        if empty:
            return f"^(?:{white}*|{longer})$"
        return f"^{_blank(single_line=single_line)}*{edge}{inner}*$"
    core = edge
    if minimum <= 1:
        core = f"{edge}(?:{inner}*{edge})?" if single_line else f"{edge}{inner}*"
    else:
        core = f"{edge}{inner}{{{minimum - 2},}}{edge}"
    if empty:
        core = f"(?:{core})?"
    return f"^{white}*{core}{white}*$"


def anything(*, single_line: bool = False) -> str:
    """Return the pattern of every allowed text, white space counting like any character."""
    return f"^[^{_CONTROL_CLASS}{_BREAK_CLASS if single_line else ''}]*$"


def _blank(*, single_line: bool) -> str:
    """Return the class of white space a text may begin with when nothing is stripped."""
    if not single_line:
        return f"[{WHITE_CLASS}]"
    return "[" + WHITE_CLASS.replace(r"\n\r\u0085", "").replace(r"\u2028\u2029", "") + "]"

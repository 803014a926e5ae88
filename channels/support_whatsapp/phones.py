"""Phone numbers as WhatsApp writes them, and their other spellings.

A mobile number in Brazil has a ninth digit that WhatsApp leaves out for older accounts, and one in
Argentina a 9 after the country's code: one person may come by either.
"""

from __future__ import annotations

import re

#: E.164 has 15 digits at most; WhatsApp leaves out the plus sign.
_DIGITS = re.compile(r"[1-9][0-9]{5,14}")
_BRAZIL = re.compile(r"(55[1-9][0-9])9?([6-9][0-9]{7})")
_ARGENTINA = re.compile(r"549?([1-9][0-9]{9})")
LONGEST = 63


def digits_of(number: str) -> str | None:
    """Return a phone number's digits; None for what is no phone number."""
    digits = number.strip().removeprefix("+")
    return digits if _DIGITS.fullmatch(digits) else None


def spellings(number: str) -> list[str]:
    """Return every spelling of a number, the one with all its digits first."""
    if found := _BRAZIL.fullmatch(number):
        return [f"{found[1]}9{found[2]}", f"{found[1]}{found[2]}"]
    if found := _ARGENTINA.fullmatch(number):
        return [f"549{found[1]}", f"54{found[1]}"]
    return [number]


def key_of(wa_id: str) -> str:
    """Return what is the same for every spelling of a number."""
    digits = digits_of(wa_id)
    return spellings(digits)[0] if digits else wa_id.strip()[:LONGEST]


def phone_of(wa_id: str) -> str:
    """Return a number in E.164; what is no phone number stays as it is."""
    digits = digits_of(wa_id)
    return f"+{digits}" if digits else wa_id.strip()[:LONGEST]


def other_phones(wa_id: str) -> list[str]:
    """Return the other spellings of a number, in E.164."""
    digits = digits_of(wa_id)
    return [f"+{it}" for it in spellings(digits) if it != digits] if digits else []

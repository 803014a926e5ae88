"""The sentences a caller reads when a field is refused: Laravel 8.x English.

``:attribute`` stands for the field's name with ``_`` as a space; nested names keep their dots
(``items.0.name``). Where Laravel has no sentence for a case, ours follows its grammar.
"""

from __future__ import annotations

REQUIRED = "The :attribute field is required."
FILLED = "The :attribute field must have a value."
PROHIBITED = "The :attribute field is prohibited."
REPEATED = "The :attribute field must be given only once."

STRING = "The :attribute must be a string."
STRING_MIN = "The :attribute must be at least :min characters."
STRING_MAX = "The :attribute must not be greater than :max characters."
CHARACTERS = "The :attribute contains characters that are not allowed."
FORMAT = "The :attribute format is invalid."
EMAIL = "The :attribute must be a valid email address."
URL = "The :attribute must be a valid URL."
SELECTED = "The selected :attribute is invalid."

INTEGER = "The :attribute must be an integer."
NUMBER_MIN = "The :attribute must be at least :min."
NUMBER_MAX = "The :attribute must not be greater than :max."
NUMBER_BETWEEN = "The :attribute must be between :min and :max."
BOOLEAN = "The :attribute field must be true or false."
DATE = "The :attribute is not a valid date."

ARRAY = "The :attribute must be an array."
ARRAY_MIN = "The :attribute must have at least :min items."
ARRAY_MAX = "The :attribute must not have more than :max items."
OBJECT = "The :attribute must be an object."
DEPTH = "The :attribute must not be nested more than :max levels deep."
NUMBERS = "The :attribute contains numbers that are out of range."
KILOBYTES = "The :attribute must not be greater than :max kilobytes."


def fill(message: str, **values: object) -> str:
    """Return ``message`` with ``:min``, ``:max`` and the like replaced."""
    for name, value in values.items():
        message = message.replace(f":{name}", str(value))
    return message


def render(message: str, path: str) -> str:
    """Return ``message`` with the display name of the field at the dotted ``path``."""
    return message.replace(":attribute", path.replace("_", " "))

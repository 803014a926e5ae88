"""What a command says when something is wrong: one sentence and an exit code, no traceback."""

from __future__ import annotations

from sqlalchemy.exc import OperationalError, ProgrammingError

from ..crypto import KeyInvalid, SecretUnreadable
from ..errors import Invalid, SupportError
from ..settings import ConfigurationError

#: The configuration is to be changed; a wrong use of the command line exits like it.
CONFIGURATION = 2
#: The command was understood and failed.
FAILED = 1

COMPLAINTS = (
    ConfigurationError,
    KeyInvalid,
    SecretUnreadable,
    SupportError,
    OperationalError,
    ProgrammingError,
)

_MISSING_TABLE = ("no such table", "no such column", "does not exist")


def sentence(error: Exception) -> tuple[str, int]:
    """Return what to say about one of :data:`COMPLAINTS`, and the exit code."""
    if isinstance(error, ConfigurationError | KeyInvalid):
        return str(error), CONFIGURATION
    if isinstance(error, Invalid):
        messages = [message for field in error.errors.values() for message in field]
        return " ".join(messages), FAILED
    if isinstance(error, OperationalError | ProgrammingError):
        return _of_database(error), FAILED
    return str(error), FAILED


def _of_database(error: OperationalError | ProgrammingError) -> str:
    detail = str(error.orig).strip()
    if any(words in detail for words in _MISSING_TABLE):
        return "The database lacks tables of this version; run: support-core migrate."
    return f"The database cannot be used: {detail.splitlines()[0] if detail else 'no answer'}."

"""Lists on the wire: Laravel's pages, and keyset pages whose cost does not grow with depth."""

from .cursors import Cursor
from .envelopes import cursor_envelope, page_envelope
from .keyset import Keyset, KeysetPage, keysets

__all__ = ["Cursor", "Keyset", "KeysetPage", "cursor_envelope", "keysets", "page_envelope"]

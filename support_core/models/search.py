"""The substring-search indexes beside conversations and customers.

On SQLite each is an FTS5 table with the trigram tokenizer, whose ``rowid`` is the document's id;
on PostgreSQL a table with a GIN index over ``(workspace_id, text gin_trgm_ops)``. The text is
case-folded by :func:`fold`, so that both databases find the same rows.
"""

from __future__ import annotations

import unicodedata

from sqlalchemy import column, table

from ..db.scoping import TENANT_TABLES

#: Lightweight tables: the migrations create them, each database in its own way.
conversation_search = table(
    "conversation_search", column("rowid"), column("workspace_id"), column("text")
)
customer_search = table("customer_search", column("rowid"), column("workspace_id"), column("text"))
TENANT_TABLES.update((conversation_search.name, customer_search.name))


def fold(text: str) -> str:
    """Return ``text`` as it is indexed and searched: NFKC-normalised and case-folded."""
    return unicodedata.normalize("NFKC", text).casefold()


def one_line(text: str) -> str:
    """Return ``text`` folded, as a part of a document and as the term to look for in one."""
    return fold(text).replace("\n", " ")


def document(*parts: str | None) -> str:
    """Join folded parts into one document; no match can span two of them."""
    return "\n".join(one_line(part) for part in parts if part)

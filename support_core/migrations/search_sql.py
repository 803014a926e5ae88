"""The search tables' DDL, which differs by database (see :mod:`support_core.models.search`)."""

from __future__ import annotations

TABLES = ("conversation_search", "customer_search")


def create(dialect: str) -> list[str]:
    """Return the statements that create the search tables on ``dialect``."""
    if dialect == "sqlite":
        return [
            f"CREATE VIRTUAL TABLE {name} USING fts5(text, workspace_id UNINDEXED, "
            "tokenize = 'trigram case_sensitive 1')"
            for name in TABLES
        ]
    statements = [
        "CREATE EXTENSION IF NOT EXISTS pg_trgm",
        "CREATE EXTENSION IF NOT EXISTS btree_gin",
    ]
    for name in TABLES:
        statements += [
            f"CREATE TABLE {name} (rowid bigint PRIMARY KEY, workspace_id bigint NOT NULL, "
            "text text NOT NULL)",
            f"CREATE INDEX ix_{name}_trigram ON {name} USING gin (workspace_id, text gin_trgm_ops)",
        ]
    return statements

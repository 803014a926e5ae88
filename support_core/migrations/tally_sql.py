"""Triggers that keep ``conversation_tallies`` true, whatever statement changes a conversation.

Each live conversation counts once under its facets. On PostgreSQL a row belongs to one
connection (``slot`` = backend pid), so that transactions never wait for each other's counts.
"""

from __future__ import annotations

FACETS = "mailbox_id, status, channel, priority, assigned_to"


def _facets(row: str) -> str:
    return (
        f"{row}.workspace_id, {row}.mailbox_id, {row}.status, {row}.channel, {row}.priority, "
        f"coalesce({row}.assigned_to, 0)"
    )


def _add(row: str, amount: int, slot: str) -> str:
    # "WHERE true" keeps SQLite's parser from reading ON CONFLICT as a join's ON.
    return (
        f"INSERT INTO conversation_tallies (workspace_id, {FACETS}, slot, conversations) "
        f"SELECT {_facets(row)}, {slot}, {amount} WHERE {row}.deleted_at IS NULL "
        f"ON CONFLICT (workspace_id, {FACETS}, slot) DO UPDATE "
        "SET conversations = conversation_tallies.conversations + excluded.conversations"
    )


_WATCHED = f"workspace_id, {FACETS}, deleted_at"


def create(dialect: str) -> list[str]:
    """Return the statements that create the triggers on ``dialect``."""
    if dialect == "sqlite":
        return [
            "CREATE TRIGGER conversations_tally_insert AFTER INSERT ON conversations "
            f"BEGIN {_add('NEW', 1, '0')}; END",
            f"CREATE TRIGGER conversations_tally_update AFTER UPDATE OF {_WATCHED} "
            f"ON conversations BEGIN {_add('OLD', -1, '0')}; {_add('NEW', 1, '0')}; END",
            "CREATE TRIGGER conversations_tally_delete AFTER DELETE ON conversations "
            f"BEGIN {_add('OLD', -1, '0')}; END",
        ]
    slot = "pg_backend_pid()"
    return [
        "CREATE FUNCTION conversations_tally() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF TG_OP <> 'INSERT' THEN {_add('OLD', -1, slot)}; END IF; "
        f"IF TG_OP <> 'DELETE' THEN {_add('NEW', 1, slot)}; END IF; "
        "RETURN NULL; END $$",
        "CREATE TRIGGER conversations_tally AFTER INSERT OR DELETE OR UPDATE OF "
        f"{_WATCHED} ON conversations FOR EACH ROW EXECUTE FUNCTION conversations_tally()",
    ]

"""The channel's tables: Alembic branch ``email``."""

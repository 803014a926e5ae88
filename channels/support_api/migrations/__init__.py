"""The channel's tables: Alembic branch ``api``."""

"""The channel's tables: Alembic branch ``chat``."""

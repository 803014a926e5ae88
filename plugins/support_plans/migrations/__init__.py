"""The plugin's tables: Alembic branch ``plans``."""

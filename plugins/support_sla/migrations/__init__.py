"""The plugin's tables: Alembic branch ``sla``."""

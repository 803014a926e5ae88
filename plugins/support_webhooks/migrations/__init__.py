"""The plugin's tables: Alembic branch ``webhooks``."""

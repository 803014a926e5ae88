"""The small core of the helpdesk: conversations, the REST API and the plugin contract."""

__version__ = "0.1.0"

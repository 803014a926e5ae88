"""The channel's migrations."""

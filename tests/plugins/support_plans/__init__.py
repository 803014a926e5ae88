"""The plans plugin."""

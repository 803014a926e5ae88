"""The e-mail channel's tests."""

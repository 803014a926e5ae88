"""The API channel, against a real listener on the loopback."""

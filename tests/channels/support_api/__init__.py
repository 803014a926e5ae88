"""The API channel, against a real receiver on the loopback."""

"""Every bus, held to one contract."""

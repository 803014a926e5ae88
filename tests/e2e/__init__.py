"""The product as its users have it: processes, sockets, files."""

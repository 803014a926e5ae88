"""Live events over real sockets, from real server processes."""

"""The command line and the server as processes of their own."""

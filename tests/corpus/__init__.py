"""Mails that nobody here wrote, read and judged by expectations that nobody here wrote either."""

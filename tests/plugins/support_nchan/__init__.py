"""Streams by nchan: the real nginx and the real Redis, with the configuration that ships."""

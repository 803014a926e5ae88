"""What runs in the reading process: it imports no more than reading takes, and starts at once."""

from __future__ import annotations

import gc
import signal
from multiprocessing.connection import Connection

from .incoming import prepared

#: Seconds without a mail after which the process ends.
IDLE_SECONDS = 60.0


def serve(fd: int) -> None:
    """Read mails for whoever holds the other end, until they close it or need nothing."""
    # A Ctrl-C is meant for the one that started us, and its end is ours.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.freeze()
    gc.enable()
    gc.set_threshold(10_000)
    with Connection(fd) as connection:
        try:
            connection.send(True)
            while connection.poll(IDLE_SECONDS):
                mails, own_addresses = connection.recv()
                for raw in mails:
                    connection.send(prepared(raw, own_addresses))
        except (EOFError, BrokenPipeError, ConnectionResetError):
            return  # the other end is closed

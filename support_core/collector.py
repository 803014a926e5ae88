"""Python's cyclic garbage collector, in processes that are the desk's own."""

from __future__ import annotations

import gc

#: Objects made after which it looks at the youngest; Python's own default is 700 to 2,000.
YOUNG = 10_000


def settle() -> None:
    """Let it pass over all that is there by now, which stays, and look less often at what comes.

    Requests and jobs make objects by the thousand, and hardly any of them in cycles. For the end
    of a process's start; where the process is somebody else's, that is for them to decide.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG)

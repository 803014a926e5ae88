"""Making the next one while this one is used."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Generator

Item = TypeVar("Item")


def ahead(items: Generator[Item, None, None], name: str) -> Generator[Item, None, None]:
    """Yield ``items``, the next of which a thread called ``name`` makes meanwhile.

    One is made ahead and no more. What making it raises is raised where it is asked for. Whoever
    stops asking closes the generator, which waits for the one that is being made.
    """
    with closing(items), ThreadPoolExecutor(1, name) as thread:
        coming = thread.submit(next, items, None)
        while (item := coming.result()) is not None:
            coming = thread.submit(next, items, None)
            yield item

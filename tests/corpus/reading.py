"""Reads the mails and bodies that an `expectations.jsonl` names."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

import orjson

from support_email.reading.inspection import reading_of

if TYPE_CHECKING:
    from pathlib import Path


class Slowest(NamedTuple):
    """How many files were read, and which of them took longest."""

    files: int
    file: str
    seconds: float


def read_collection(folder: Path, results: Path) -> Slowest:
    """Write a line for each file that the folder's expectations name; only names are looked at."""
    results.parent.mkdir(parents=True, exist_ok=True)
    times: list[tuple[float, str]] = []
    expectations = (folder / "expectations.jsonl").read_bytes().splitlines()
    with results.open("wb") as written:
        for row in map(orjson.loads, filter(None, expectations)):
            raw = (folder / row["file"]).read_bytes()
            started = time.perf_counter()
            reading = reading_of(raw, row["kind"])
            times.append((time.perf_counter() - started, row["file"]))
            written.write(orjson.dumps({"file": row["file"], **reading}) + b"\n")
    seconds, file = max(times, default=(0.0, ""))
    return Slowest(len(times), file, seconds)

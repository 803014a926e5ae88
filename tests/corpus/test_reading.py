"""A collection is read by the names in its expectations."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from .reading import read_collection

if TYPE_CHECKING:
    from pathlib import Path


def test_every_named_file_gets_a_line_of_its_kind(tmp_path: Path) -> None:
    (tmp_path / "a.eml").write_bytes(b"From: a@x.org\nSubject: Hi\n\nYes\n\n-- \nAnn\n")
    (tmp_path / "b.txt").write_bytes(b"Yes\n\nOn 1 Dec 2019, Ann wrote:\n> Well?\n")
    rows = [{"file": "a.eml", "kind": "mime"}, {"file": "b.txt", "kind": "text", "expect": {}}]
    (tmp_path / "expectations.jsonl").write_bytes(b"\n".join(map(orjson.dumps, rows)) + b"\n")
    results = tmp_path / "var" / "results.jsonl"
    slowest = read_collection(tmp_path, results)
    mail, body = map(orjson.loads, results.read_bytes().splitlines())
    assert (mail["file"], mail["subject"], mail["reply"]) == ("a.eml", "Hi", "Yes")
    assert body == {"file": "b.txt", "reply": "Yes"}
    assert slowest.files == 2
    assert slowest.file in {"a.eml", "b.txt"}

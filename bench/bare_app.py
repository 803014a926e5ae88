"""The bare handler as its server imports it: ``granian --interface wsgi bench.bare_app:app``."""

from __future__ import annotations

import os
from pathlib import Path

import orjson

from .bare import Bare
from .servers import PLAN

app = Bare(orjson.loads(Path(os.environ[PLAN]).read_bytes()))

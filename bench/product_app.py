"""The product as its server imports it: ``granian --interface wsgi bench.product_app:app``."""

from __future__ import annotations

import os
from pathlib import Path

import orjson

from support_core.app import main

from .servers import SETTINGS

app = main({}, **orjson.loads(Path(os.environ[SETTINGS]).read_bytes()))

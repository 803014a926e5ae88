"""Serves a desk with the plugin that the guide for channels shows; run as a process by tests."""

from __future__ import annotations

import sys
from types import ModuleType

from paste.deploy import appconfig

from support_core import app
from support_core.serve import EmbeddedServer
from support_core.server_options import ServerOptions
from tests.docs.pages import blocks, pages


def plugin() -> ModuleType:
    """Return the guide's code as a module."""
    (block,) = [it for page in pages() for it in blocks(page) if it.name == "contact-stream"]
    module = ModuleType("contact")
    sys.modules["contact"] = module
    exec(compile(block.text, str(block.page), "exec"), module.__dict__)  # noqa: S102 - ours
    return module


def main(ini: str, listen: str) -> None:
    """Serve until SIGTERM."""
    raw = {
        name: value
        for name, value in appconfig(f"config:{ini}").items()
        if name.startswith(("support.", "sqlalchemy."))
    }
    raw["support.plugins"] += " contact"
    config = app.build(raw, {"contact": plugin()})
    EmbeddedServer(ServerOptions.parse({"listen": listen})).run(config.make_wsgi_app())


if __name__ == "__main__":
    main(*sys.argv[1:])

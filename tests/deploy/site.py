"""The configuration of ``deploy/nginx`` with the addresses of a test in it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.packaging.layout import ROOT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

FOLDER = ROOT / "deploy" / "nginx"

#: The same parts without TLS: what stands in the file but the certificate and its listeners.
PLAIN = """
server {{
    listen {listen};
    server_name desk.example.com;
    include support-core/desk.conf;
}}
"""


@dataclass(frozen=True)
class Nchan:
    """Where nchan keeps its messages, where it takes them, and from whom."""

    redis: str
    publisher: str
    secret: str


@dataclass
class Site:
    """The addresses, as ``host:port``; ``tls`` is the folder of a certificate."""

    listen: str
    web: Sequence[str]
    gateway: str = "127.0.0.1:1"
    nchan: Nchan | None = None
    secure: str | None = None
    tls: str = ""
    down: set[str] = field(default_factory=set)

    def files(self) -> dict[str, str]:
        """Return the files by their path below ``/etc/nginx``."""
        parts = {
            f"support-core/{path.name}": path.read_text()
            for path in (FOLDER / "support-core").glob("*.conf")
        }
        parts["support-core/upstreams.conf"] = self.upstreams()
        main = (FOLDER / "support-core.conf").read_text()
        main = self._with_tls(main) if self.secure else self._plain(main)
        if self.nchan is not None:
            main = changed(
                main,
                {"# With streams by nchan, also: include": "include"},
            )
            parts["support-core/desk.conf"] = changed(
                parts["support-core/desk.conf"],
                {
                    "include support-core/streams-gateway.conf;": "",
                    "# include support-core/streams-nchan.conf;": (
                        "include support-core/streams-nchan.conf;"
                    ),
                },
            )
            parts["support-core/nchan.conf"] = changed(
                parts["support-core/nchan.conf"],
                {
                    "redis://10.0.0.21:6379": self.nchan.redis,
                    "listen 127.0.0.1:6545": f"listen {self.nchan.publisher}",
                    "SECRET": self.nchan.secret,
                    "allow 10.0.0.0/24": "allow 127.0.0.0/8",
                },
            )
        return {"conf.d/support-core.conf": main, **parts}

    def upstreams(self) -> str:
        """Return the file that a rolling upgrade edits; those in ``down`` get nothing new."""
        text = (FOLDER / "support-core" / "upstreams.conf").read_text()
        servers = "\n".join(
            f"    server {each} max_fails=2 fail_timeout=5s{' down' * (each in self.down)};"
            for each in self.web
        )
        text, number = re.subn(r"(?:    server 10\.0\.0\.\d+:6543 .*\n)+", servers + "\n", text)
        assert number == 1
        return changed(text, {"10.0.0.11:6544": self.gateway})

    def _plain(self, text: str) -> str:
        return text[: text.index("server {")] + PLAIN.format(listen=self.listen)

    def _with_tls(self, text: str) -> str:
        return changed(
            text,
            {
                "    listen 80;": f"    listen {self.listen};",
                "    listen [::]:80;": "",
                "    listen 443 ssl http2;": f"    listen {self.secure} ssl http2;",
                "    listen [::]:443 ssl http2;": "",
                "/etc/ssl/support-core": self.tls,
                "access_log /var/log/nginx/support-core.log": "access_log access.log",
            },
        )


def changed(text: str, changes: Mapping[str, str]) -> str:
    """Return ``text`` with other words; a word that is not there fails."""
    for old, new in changes.items():
        assert old in text, f"no {old!r} in deploy/nginx"
        text = text.replace(old, new)
    return text

"""The command line: ``support-core -c INI …``."""

from __future__ import annotations


def main() -> None:
    """Run the command line; the console script ``support-core``."""
    # Plugins import cli.context through plugin_api, and the commands import the whole product.
    from .root import cli  # noqa: PLC0415

    cli(prog_name="support-core")

"""The command line: ``support-core -c INI …``."""

from __future__ import annotations

import warnings


def main() -> None:
    """Run the command line; the console script ``support-core``."""
    # Pyramid 2.1 says so on every start; it means its own developers.
    warnings.filterwarnings("ignore", "pkg_resources is deprecated as an API", UserWarning)
    # Plugins import cli.context through plugin_api, and the commands import the whole product.
    from .root import cli  # noqa: PLC0415

    cli(prog_name="support-core")

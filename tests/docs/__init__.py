"""The documentation is tested: nothing is missing from it, and its code runs."""

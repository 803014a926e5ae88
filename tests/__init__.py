"""The test suite. Its tree mirrors the source tree."""

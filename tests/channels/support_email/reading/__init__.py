"""Tests of what a mail is read as."""

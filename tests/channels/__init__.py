"""Tests of the channels, one package for each."""

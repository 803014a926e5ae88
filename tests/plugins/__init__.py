"""Tests of the plugins, one package for each."""

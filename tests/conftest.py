"""Tests of the repository as a whole."""

pytest_plugins = ["pytester"]

"""Tests of the embedded platform."""

collect_ignore = ["app"]  # a function app for the host to import, not a test

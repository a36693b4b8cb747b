"""Logging with redaction."""

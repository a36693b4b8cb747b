"""Logs, redaction and metrics."""

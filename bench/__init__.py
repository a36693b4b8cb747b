"""Measures the gateway beside nginx on one machine: ``./seedgate bench [name …]``; see docs/performance.md."""

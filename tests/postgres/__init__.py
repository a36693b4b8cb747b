"""Seedgate on each major version of PostgreSQL that it supports, as real servers."""

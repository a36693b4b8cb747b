"""Refreshing tasks from the upstream: for a client that asks, and in the background."""

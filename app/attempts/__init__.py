"""Attempts at a create whose client may send it again: what an SDK's retry is joined to."""

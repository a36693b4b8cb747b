"""Copies of clips in the operator's own S3-compatible storage, and the links to them."""

"""HTTP/1.1 towards the upstream: a pooled client that knows whether any byte of a request was sent (ADR 0002)."""

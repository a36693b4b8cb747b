"""The official SDKs of four languages, unmodified, against ``seedgate serve`` and the sandbox upstream."""

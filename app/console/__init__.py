"""The web console: its sessions, and the page, which is built from ``console/`` and shipped in ``static/``."""

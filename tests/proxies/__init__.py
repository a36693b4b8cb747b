"""Real nginx and real Caddy, with the configurations of ``examples/proxies``, in front of a real gateway."""

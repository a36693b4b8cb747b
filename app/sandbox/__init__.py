"""The sandbox upstream: a server that behaves as Volcano Engine Ark is known to behave.

It speaks the real wire formats (Bearer data plane, HMAC-signed control plane, H5 page, signed media URLs), moves
its tasks by a clock of its own, breaks on command and tells the truth afterwards. It reads the upstream's
behaviour independently: nothing here imports the gateway's own task or asset code. All state is in memory.

Start at ``app.sandbox.app.create_sandbox`` (ASGI) or ``app.sandbox.server.SandboxServer`` (a socket).
"""

"""The sandbox upstream: an emulator of Volcano Engine Ark.

It serves the wire formats of the data plane (Bearer key), the control plane (HMAC signature), the H5 page and the
signed media URLs. Tasks change state by a clock that tests can advance, faults can be scripted, and a ledger records
every request. Its rules are written from the upstream's documentation and not shared with the gateway: of ``app`` it
imports ids, one error class, the signature and the table of create parameters.

Entry points: ``app.sandbox.app.create_sandbox`` (ASGI) and ``app.sandbox.server.SandboxServer`` (a socket).
"""

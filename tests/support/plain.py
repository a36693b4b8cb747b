"""The TLS settings of clients that speak none: loading the system's authorities would cost each of them 60 ms."""

import ssl

PLAIN = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""For ``verify`` of the HTTP clients of tests; every server here is plain HTTP on loopback."""

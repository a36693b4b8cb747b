"""Raw HTTP/1.x messages: every spelling that has made two parsers disagree on where a request ends.

Each framing begins with a request to ``FIRST``. Wherever bytes must not be a request, they are ``SMUGGLED``, which
would be one if they were read as one. Most framings end with ``NEXT``, an ordinary request, so that bytes that are
swallowed are missed. The expectation is what RFC 9112 decides; where it leaves a choice, h11 is the judge
(``tests.http.strict``).
"""

from tests.http.framings.bodies import chunks, codings, lengths
from tests.http.framings.connections import expectations, pipelines, upgrades
from tests.http.framings.heads import headers, large, request_lines, targets
from tests.http.framings.message import CHUNK, FIRST, LAST_CHUNK, NEXT, SMUGGLED, SMUGGLED_PATH, Framing

__all__ = ["CHUNK", "FIRST", "FRAMINGS", "LAST_CHUNK", "NEXT", "SMALL", "SMUGGLED", "SMUGGLED_PATH", "Framing"]

SMALL: tuple[Framing, ...] = (
    *upgrades(),
    *lengths(),
    *codings(),
    *chunks(),
    *pipelines(),
    *expectations(),
    *targets(),
    *request_lines(),
    *headers(),
)
"""Framings that are short enough to be cut at every byte."""
FRAMINGS = (*SMALL, *large())
"""All of them, also those about the limits of a head."""

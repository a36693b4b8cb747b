"""Bodies that cost the most to read, in the shapes that were thought of."""

import json
from collections.abc import Callable
from typing import Any

_IMAGE = {"type": "image_url", "role": "reference_image"}


def _task(size: int, **members: Any) -> bytes:
    body = json.dumps({"model": "doubao-seedance-2", "content": [{"type": "text", "text": "x"}], **members})
    return body.encode() + b" " * (size - len(body))


def _ligatures(size: int) -> bytes:
    """Members whose names expand eighteenfold when they are folded."""
    return _task(0, **{"\ufdfa" * 50 + str(number): 1 for number in range(min(9000, size // 330))})


def _escapes(size: int) -> bytes:
    """A text of which each character is written in six."""
    text = b"\\u4e2d" * (size // 6)
    return b'{"model":"doubao-seedance-2","content":[{"type":"text","text":"%b"}]}' % text


def _values(size: int) -> bytes:
    """As many small values as are taken, and a blank rest."""
    return _task(size, seeds=[[number] for number in range(4900)])


def _items(size: int) -> bytes:
    """Content items, each with an address."""
    item = {**_IMAGE, "image_url": {"url": "https://example.com/" + "a%2f" * 100}}
    return _task(0, content=[item] * min(1900, size // 500))


def _picture(size: int) -> bytes:
    """One picture, as clients send it."""
    item = json.dumps({**_IMAGE, "image_url": {"url": "data:image/png;base64,"}}).encode()
    item = item.replace(b"base64,", b"base64," + b"A" * (size // 4 * 4))
    return b'{"model":"doubao-seedance-2","content":[{"type":"text","text":"x"},%b]}' % item


SHAPES: dict[str, Callable[[int], bytes]] = {
    "ligatures": _ligatures,
    "escapes": _escapes,
    "values": _values,
    "items": _items,
    "picture": _picture,
}

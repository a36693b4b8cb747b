"""Families of forms at ``/v1/videos`` with the highest cost for their size."""

import random
from collections.abc import Callable, Iterator

from app.openai.form_fields import MAX_FIELDS, MAX_NAME_BYTES
from app.openai.multipart import MAX_PICTURE_BYTES
from tests.http.worst_bodies import MODEL, Body, nesting, text_of
from tests.openai.driving import VIDEOS, multipart
from tests.openai.pictures import MP4, png

DRY = f"{VIDEOS}?dry_run=true"
# The dashes that all delimiters begin with are the longest possible; so is what has to be compared.
BOUNDARIES = ("x", "-" * 70, "-" * 200, "--------0123456789abcdef")
NAMES = ("prompt", "images[]", "metadata", "size", "seconds", "input_reference", "callback_url", "x")

Parts = list[tuple[str, str | bytes]]


def texts(rnd: random.Random, size: int) -> Parts:
    """Many fields, or one, of expensive characters."""
    count = rnd.choice([1, 20, MAX_FIELDS - 10])
    text = text_of(rnd, max(size // count - 120, 1))
    return [(rnd.choice(NAMES), text)] * count


def names(rnd: random.Random, size: int) -> Parts:
    """Fields with long names: lists and objects in each other, and what is malformed."""
    unit = rnd.choice(["[a]", "[0]", "[9999]", "[", "]", "[]", "%5B", "\\", "只"])
    name = "a" + unit * rnd.choice([7, 8, 9, MAX_NAME_BYTES // len(unit.encode()) - 1])
    count = min(MAX_FIELDS - 10, max(size // (len(name) + 100), 1))
    return [(f"{name}{number}" if rnd.random() < 0.3 else name, "x") for number in range(count)]


def pictures(rnd: random.Random, size: int) -> Parts:
    """Pictures, alone or many, and a video."""
    count = rnd.choice([1, 2, 300])
    each = min(size // count, MAX_PICTURE_BYTES - 1000)
    picture = png(16, 9, padding=max(each - 200, 1))
    return [(rnd.choice(["input_reference", "images[]"]), rnd.choice([picture, MP4 + bytes(each)]))] * count


def delimiters(rnd: random.Random, size: int) -> Parts:
    """Data that resembles the delimiter."""
    unit = rnd.choice(["\r\n", "\r", "\n--", "\r\n--", "\r\n-", "\r\n--" + "-" * 60, "-" * 69 + "\r\n", "\r\n--x"])
    text = unit * (size // len(unit))
    return [(rnd.choice(NAMES), text if rnd.random() < 0.5 else text.encode())]


def documents(rnd: random.Random, size: int) -> Parts:
    """JSON as the text of a field."""
    return [(rnd.choice(["metadata", "images", "extra_body", "tools"]), nesting(rnd, size).decode())]


FORMS: dict[str, Callable[[random.Random, int], Parts]] = {
    "texts of forms": texts,
    "names of forms": names,
    "pictures of forms": pictures,
    "delimiters of forms": delimiters,
    "JSON in forms": documents,
}


def heads_of_parts(rnd: random.Random, size: int) -> bytes:
    """Heads of parts: long names and values, spaces, many fields."""
    unit = rnd.choice([b"X: v\r\n", b" ", b"X", b"X: ", b";", b'"', b"=", b"\\", b'name="', b":", b"\r\n "])
    start = rnd.choice([b"", b"X: ", b'Content-Disposition: form-data; name="', b"Content-Disposition: "])
    one = b"--x\r\n" + start + unit * rnd.choice([1, 100, 2000, max(size // len(unit), 1)]) + b"\r\n\r\na\r\n"
    return one * max(size // len(one), 1) + b"--x--\r\n"


def forms(rnd: random.Random, size: int) -> Iterator[Body]:
    """Yields one form of each family, of about the size and never larger."""
    for family, generate in FORMS.items():
        parts: Parts = [("model", MODEL), *generate(rnd, max(size - 1000, 1))]
        body, headers = multipart(parts, boundary=rnd.choice(BOUNDARIES))
        yield Body(family, DRY, body[:size], headers=headers)
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    yield Body("heads of parts", DRY, heads_of_parts(rnd, size)[:size], headers=headers)
    yield Body("no form", DRY, rnd.choice([b"\r\n", b"--x\r\n", b"--x", b"-", b"a"]) * (size // 5), headers=headers)
    unit = rnd.choice([b"a&", b"a=%41&", b"%EF%B7%BA&", b"a[0][1]=b&", b"a[]=&", b"%5B", b"a=" + b"%F0%9F%98%80" * 9])
    urlencoded = {"Content-Type": "application/x-www-form-urlencoded"}
    yield Body("urlencoded forms", DRY, unit * (size // len(unit)), headers=urlencoded)

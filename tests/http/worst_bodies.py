"""Families of requests with the highest cost for their size."""

import json
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from app.http.query import MAX_QUERY_BYTES
from tests.observability.log_attacks import UNITS, long_text
from tests.support.gateway import TASKS

DRY = f"{TASKS}?dry_run=true"
MODEL = "doubao-seedance-2"
PROMPT = '{"type":"text","text":"x"}'

# Characters as written in JSON: expanding, combining, escaped, folded, invisible, broken and ordinary ones.
ATOMS = (
    "\ufdfa",
    "\u0345\u0301\u0315\u0323",
    "\u0390",
    "\ufb03",
    "\uff05\uff15",
    "\u212a",
    "\u200b",
    "%EF%B7%BA",
    "%25",
    "%2525",
    "%F",
    "\\n",
    "\\u0001",
    "\\u0000",
    '\\"',
    "\\\\",
    "\\/",
    "\\ud83d\\ude00",
    "\\ud800",
    "\U0001f600",
    "只",
    "A",
    "/",
    " ",
    ",",
    "[",
    "{",
    "asset",
    "=&",
)
NAMES = ("model", "Model", "draft_task", "image_url", "url", "k")


@dataclass(frozen=True)
class Body:
    """A request of a family.

    Attributes:
        family: for the report.
        path: with the query.
        data: the body.
        method: the method of the request.
        is_chunked: the body is sent in chunks of a byte.
        headers: in place of the usual ones of the same names.
        status: the expected one, where it shows how far the request was processed; None for any.
    """

    family: str
    path: str
    data: bytes
    method: str = "POST"
    is_chunked: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)
    status: int | None = None


def text_of(rnd: random.Random, length_bytes: int) -> str:
    """Returns the inside of a JSON string of about so many bytes, of one atom or a mixture of two."""
    atom = "".join(rnd.choices(ATOMS, k=rnd.choice([1, 1, 2])))
    return atom * max(length_bytes // len(atom.encode()), 1)


def _task(members: str, content: str = PROMPT) -> bytes:
    comma = "," if members else ""
    return f'{{"model":"{MODEL}","content":[{content}]{comma}{members}}}'.encode()


def members(rnd: random.Random, size: int) -> bytes:
    """Many members with expensive names."""
    count = rnd.choice([10, 300, 2000, 9900])
    text = text_of(rnd, max(size // count - 12, 1))
    return _task(",".join(f'"{text}{number}":0' for number in range(count)))


def padded_members(rnd: random.Random, size: int) -> bytes:
    """Many members whose names begin like known ones."""
    count = rnd.choice([300, 2000, 9900])
    name, text = rnd.choice(NAMES), text_of(rnd, max(size // count - 20, 1))
    where = rnd.choice(['"extra":{%s}', "%s"])
    return _task(where % ",".join(f'"{number}{name}{text}":0' for number in range(count)))


def values(rnd: random.Random, size: int) -> bytes:
    """Many expensive strings."""
    count = rnd.choice([10, 300, 2000, 9900])
    text = text_of(rnd, max(size // count - 4, 1))
    return _task('"extra":[' + ",".join([f'"{text}"'] * count) + "]")


def one_text(rnd: random.Random, size: int) -> bytes:
    """One long string, in each possible place."""
    text = text_of(rnd, size - 200)
    head = rnd.choice(["https://", "data:image/png;base64,", "data:image/", "data:image/a", "asset://"])
    kind = rnd.choice(["image_url", "video_url", "audio_url"])
    return rnd.choice(
        [
            _task("", f'{{"type":"text","text":"{text}"}}'),
            _task("", f'{{"type":"{kind}","{kind}":{{"url":"{head}{text}"}}}}'),
            _task("", f'{{"type":"{kind}","{kind}":{{"url":"{head}{text}"}}}}'),
            _task("", f'{{"type":"{text}"}}'),
            _task(f'"{text}":0'),
            _task(f'"ratio":"{text}"'),
            _task(f'"callback_url":"https://{text}"'),
            _task(f'"extra":"{text}"'),
            f'{{"model":"{text}","content":[{PROMPT}]}}'.encode(),
        ]
    )


def nesting(rnd: random.Random, size: int) -> bytes:
    """Objects and arrays in each other, as deep and as many as allowed, or deeper."""
    depth = rnd.choice([10, 60, 62, 200, 5000])
    opening, closing = rnd.choice([("[", "]"), ('{"' + "k" * 64 + '":', "}")])
    one = opening * depth + "0" + closing * depth
    count = max(min(size // len(one), 9900 // depth), 1)
    return _task('"extra":[' + ",".join([one] * count) + "]")


def numbers(rnd: random.Random, size: int) -> bytes:
    """Long numbers and many numbers."""
    count = rnd.choice([1, 200, 9900])
    digits = max(size // count - 6, 1)
    one = rnd.choice(
        ["1" * digits, "0." + "1" * digits, "1e" + "9" * digits, "-1." + "0" * digits, "1" * min(digits, 4299)]
    )
    return _task('"extra":[' + ",".join([one] * count) + "]")


def items(rnd: random.Random, size: int) -> bytes:
    """Many content items."""
    kind = rnd.choice(["text", "image", "draft", "asset", "null"])
    one = {
        "text": f'{{"type":"text","text":"{text_of(rnd, 100)}"}}',
        "image": f'{{"type":"image_url","image_url":{{"url":"https://a.b/{"a" * rnd.choice([10, 8000])}"}}}}',
        "draft": '{"type":"text","text":"x","draft_task":{"id":"cgt-1"}}',
        "asset": '{"type":"image_url","role":"reference_image","image_url":{"url":"asset://asset-1"}}',
        "null": "{" + ",".join(f'"{number}":null' for number in range(40)) + ',"type":"text","text":"x"}',
    }[kind]
    per_item = one.count(",") + one.count("{") + 1
    count = max(min(size // len(one), 9000 // per_item), 1)
    return _task("", ",".join([one] * count))


def not_json(rnd: random.Random, size: int) -> bytes:
    """Invalid JSON, and blanks."""
    unit = rnd.choice([b" ", b"1 ", b'"', b'""', b"\\", b"\xff", b"\xed\xa0\x80", b"\n", b":", b"}", b'"a" ', b"\x00"])
    head = rnd.choice([b"", b'{"a":', b'{"a":"', b'{"a":1}'])
    return head + unit * (size // len(unit))


def assets(rnd: random.Random, size: int) -> bytes:
    """Bodies of Assets actions."""
    text = text_of(rnd, size - 100)
    names = [f'"{number}{text_of(rnd, 90)}":0' for number in range(min(size // 100, 9000))]
    asset = '"GroupId":"g","AssetType":"Image"'
    return rnd.choice(
        [
            f"{{{','.join(names)}}}".encode(),
            _list(f'"x":{{{",".join(names)}}}'),
            _list(f'"GroupIds":[{",".join(f"{chr(34)}g{number}{chr(34)}" for number in range(min(size // 8, 9900)))}]'),
            _list(f'"GroupIds":[{",".join(["0"] * min(size // 2, 9900))}]'),
            _list('"Statuses":[' + ",".join(['"Active"'] * min(size // 10, 9900)) + "]"),
            f'{{{asset},"URL":"https://{text}"}}'.encode(),
            f'{{{asset},"URL":"https://a.b/","Name":"{text}"}}'.encode(),
            f'{{{asset},"URL":"https://a.b/","Unknown":"{text}"}}'.encode(),
        ]
    )


def good_assets(rnd: random.Random, size: int) -> bytes:
    """A valid create of an asset in a group that does not exist: its value is hashed, and then nothing is made."""
    names = "{" + ",".join(f'"{number}k":0' for number in range(1400)) + "}"
    one = rnd.choice(
        [
            "0",
            "-0.0",
            "123456789.87654321",
            '"é"',
            '"\\u00e9"',
            '"\\\\"',
            "[]",
            "{}",
            '{"k":0}',
            "[" * 50 + "]" * 50,
            names,
        ]
    )
    count = max(
        min(15_000 // (len(one.encode()) + 1), 8000 // (one.count("[") + one.count("{") + one.count(":") + 1)), 1
    )
    name = rnd.choice(["\ufdfa", "\\ud83d\\ude00", "\u0390", "n"]) * 64
    url = "https://a.b/" + "a" * 8000
    extra = ",".join([one] * count)
    head = f'{{"GroupId":"g","AssetType":"Image","URL":"{url}","Name":"{name}","Extra":[{extra}]'.encode()
    return head + rnd.choice([b" ", b"\r\n", b"\t"]) * ((size - len(head) - 1) // 2) + b"}"


def _list(member: str) -> bytes:
    return f'{{"PageNumber":1,"PageSize":10,"Filter":{{"GroupType":"AIGC",{member}}}}}'.encode()


def good_media(rnd: random.Random, size: int) -> bytes:
    """A valid large data URI, plain or as PHP and Java write it."""
    unit = rnd.choice(["iVBORw0K", "iVBOR" + "w0K" * 20 + "\\/", "iVBORw\\u002b"])
    uri = "data:image/png;base64," + unit * ((size - 200) // len(unit))
    return _task("", f'{{"type":"image_url","image_url":{{"url":"{uri}"}}}}')


Generator = Callable[[random.Random, int], bytes]

CREATES: dict[str, Generator] = {
    "members": members,
    "members like known ones": padded_members,
    "strings": values,
    "one long string": one_text,
    "nesting": nesting,
    "numbers": numbers,
    "content items": items,
    "no JSON": not_json,
    "media": good_media,
}


def bodies(rnd: random.Random, size: int) -> Iterator[Body]:
    """Yields one body of each family, of about the size and never larger."""
    for family, generate in CREATES.items():
        yield Body(family, DRY, generate(rnd, size)[:size])
    key = {"Idempotency-Key": "k"}
    # Their value is hashed, and nothing is made, because the model does not exist.
    keyed = CREATES[rnd.choice(list(CREATES))](rnd, size).replace(MODEL.encode(), b"none")
    yield Body("creates with a key", TASKS, keyed[:size], headers=key)
    action = rnd.choice(["ListAssets", "CreateAsset", "CreateAssetGroup"])
    yield Body("Assets", f"/api/v3/open/{action}", assets(rnd, size)[:size], headers=key)
    valid = good_assets(rnd, min(max(size, 32 * 1024), 1024 * 1024))
    yield Body("creates of assets with a key", "/api/v3/open/CreateAsset", valid, headers=key, status=404)
    yield Body("deletions", f"{TASKS}/cgt-1", CREATES[rnd.choice(list(CREATES))](rnd, 16_000)[:16_384], method="DELETE")
    # Each takes six bytes on the wire.
    yield Body("tiny chunks", DRY, b" " * min(size // 6, 200_000), is_chunked=True)
    yield Body(
        "callbacks", "/callbacks/" + "a" * 43, not_json(rnd, size) if rnd.random() < 0.3 else values(rnd, 60_000)
    )


def queries(rnd: random.Random) -> Iterator[Body]:
    """Yields requests whose query is the long part."""
    unit = rnd.choice(
        ["a&", "filter.task_ids=x&", "filter.task_ids=%EF%B7%BA&", "page_num=1&", "%41ction=%41&", "&", "=", "%25", "%"]
    )
    for length in (60_000, MAX_QUERY_BYTES - 20):
        query = unit * (length // len(unit))
        yield Body("queries", f"{TASKS}?{query}", b"", "GET")
        yield Body("queries", f"/?Action=ListAssets&{query}", b"{}")
        yield Body("queries", f"/nowhere?{query}", b"", "GET")


PAGE_ORIGIN = "https://app.example.com"
"""The origin allowed by the gateway of these tests."""

# Headers that the log, the access rules or the answer's headers use.
HEADERS = ("Authorization", "X-Api-Key", "X-Client-Request-Id", "X-Forwarded-For", "Idempotency-Key", "User-Agent")


def heads() -> Iterator[Body]:
    """Yields requests whose path or one of whose headers is the long part, slow to mask or to read."""
    for unit in (*UNITS, ",", "::,", "127.0.0.1,"):
        text = "".join(long_text(unit, 60_000).split())
        for path in (text, text[:8000], text[:700]):
            yield Body("paths", f"/{path}", unit.encode(), "GET")
            yield Body("paths of tasks", f"{TASKS}/{path.replace('?', '%3f')}", unit.encode(), "GET")
        for name in HEADERS:
            yield Body(f"header {name}", TASKS, unit.encode(), "GET", headers={name: text})
    for unit in (";", "a=b;", ";charset=utf8", '";', "\\"):
        for name in ("Content-Type", "Content-Encoding"):
            yield Body(f"header {name}", DRY, b"{}", headers={name: unit * (60_000 // len(unit))})
    for unit in (",", "a,", ", ,", "text/html;q=0,", ";", "a"):
        text = unit * (60_000 // len(unit))
        yield Body("header Accept", "/", b"", "GET", headers={"Accept": text})
        asking = {
            "Origin": PAGE_ORIGIN,
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": text,
        }
        yield Body("preflights", TASKS, b"", "OPTIONS", headers=asking)
        yield Body("header Origin", TASKS, b"", "OPTIONS", headers={**asking, "Origin": text})


def as_json(data: bytes) -> str:
    """Returns the beginning of a body, for a report."""
    return json.dumps(data[:80].decode(errors="replace"), ensure_ascii=True)

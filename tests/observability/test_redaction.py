"""No log line contains a key, a token, a face verification link, a signed URL or a password."""

import base64
import io
import json
import logging
import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from urllib.parse import quote_plus, unquote_plus

import pytest
import structlog

from app.admins.token import make_token
from app.core.sealing import generate_key
from app.observability.logging import configure_logging
from app.observability.redaction import MASK, MAX_TEXT_CHARACTERS, hide, redact
from app.settings import Settings
from app.tenants.api_key import make_key
from app.tenants.signing_key import make_signing_key
from tests.observability.streams import logging_to

KEY = make_key()
ADMIN = make_token()
TEXTS = {
    "our key": f"no key {KEY.plaintext} here",
    "a named admin token": f"no token {ADMIN.plaintext} here",
    "a bearer": "Authorization: Bearer hunter2-hunter2",
    "an access key id of a signature": "HMAC-SHA256 Credential=hunter2/20260101/cn-beijing/ark/request",
    "a signature": "SignedHeaders=host, Signature=hunter2",
    "the header of an SDK that signs": (
        "authorization: HMAC-SHA256 Credential=hunter2/20260101/cn-beijing/ark/request, "
        "SignedHeaders=content-type;host;x-content-sha256;x-date, Signature=hunter2"
    ),
    "the secret of a signing key": "made SGSKhunter2hunter2hunter2 for key_1",
    "the answer that shows a signing key": '{"access_key_id": "hunter2", "secret_access_key": "hunter2"}',
    "an access key id": "key AKLThunter2hunter2 is not active",
    "an old face verification link": "https://h5-v2.kych5.com?accessKeyId=AKTPx&configId=hunter2&bytedToken=hunter2&lng=zh",
    "a new face verification link": "https://ark.volcengine.com/region:cn-beijing/mobile/authorization?state=hunter2",
    "a signed address": "GET https://bucket.tos.example/v.mp4?X-Tos-Expires=43200&X-Tos-Signature=hunter2 failed",
    "a query without its address": "/assets?Action=GetVisualValidateResult&BytedToken=hunter2",
    "a database's password": "postgresql+asyncpg://seedgate:hunter2@db.example/seedgate",
    "a password among a database's parameters": "postgresql://db.example/seedgate?user=x&password=hunter2",
    "a face verification's token in an answer": '{"BytedToken": "hunter2", "H5Link": "hunter2"}',
    "a face verification's token in a repr": "{'byted_token': 'hunter2-hunter2'}",
    "a secret access key in a sentence": "secret_access_key=hunter2, region=cn-beijing",
    "an access key id in a form": "AccessKeyId=hunter2&Action=ListAssets",
    "a key in a header": "x-api-key: hunter2",
    "an admin token": "admin_token='hunter2'",
    "a webhook's secret": "signed with whsec_hunter2+/hunter2=",
    "a callback's token": "POST /callbacks/hunter2 from 10.0.0.1",
    "a callback's address": "told to call https://gw.example/callbacks/hunter2?x=1",
    "a row that PostgreSQL refused": (
        'violates check constraint "c"\nDETAIL:  Failing row contains (hunter2,\nhunter2).\n[SQL: INSERT INTO t]'
    ),
    "the same in a repr": r'IntegrityError("... exists.\nDETAIL:  Key (id)=(hunter2) already exists.\n[SQL: INSERT]")',
    "a token in a sentence": "refused: token=hunter2, again",
    "a secret in a sentence": "secret: hunter2",
    "a token in capitals": "UPLOAD_TOKEN: 'hunter2'",
    "a header without a scheme": "authorization: hunter2",
    "a header of an unknown scheme": "headers {'Authorization': 'ApiKey id hunter2'}",
    "a signing key behind Chinese": "密钥SGSKhunter2hunter2hunter2",
    "a bearer behind Chinese": "密钥Bearer hunter2-hunter2",
    "a cookie": "Cookie: a=hunter2; b=hunter2\nnext",
    "a query in a query": "/a?b=?token=hunter2",
    "a pair behind a colon": "failed:token=hunter2",
    "a very long address": "https://a.example/" + "a" * 3000 + "?state=hunter2",
    "a very long name": "a" * 3000 + "_token=hunter2",
    "a proxy's password": "cannot reach http://me:hunter2@proxy.example:3128",
}
NAMES = [
    "api_key",
    "Authorization",
    "X-Api-Key",
    "BytedToken",
    "byted_token",
    "H5Link",
    "h5_link",
    "password",
    "secret_key",
]


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """The stream of a log with every level."""
    with logging_to("json", level="debug") as stream:
        yield stream


@pytest.mark.parametrize("kind", TEXTS)
def test_a_secret_in_a_text_is_masked(kind: str) -> None:
    clean = redact(TEXTS[kind])
    assert "hunter2" not in clean
    assert KEY.plaintext.rpartition("-")[2] not in clean
    assert MASK in clean


def test_the_secret_of_a_signing_key_is_masked_wherever_it_stands_and_its_id_stays() -> None:
    made = make_signing_key()
    assert (
        redact(f"{made.access_key_id} signs with {made.secret_access_key}") == f"{made.access_key_id} signs with {MASK}"
    )


def test_the_public_part_of_our_key_stays() -> None:
    assert f"sg-{KEY.parts.public_part}-{MASK}" in redact(KEY.plaintext)


@pytest.mark.parametrize("text", ["GET /api/v3/contents/generations/tasks/cgt-20260101000000-abcde", "cgt-1 is 5?", ""])
def test_what_holds_no_secret_stays_as_it_is(text: str) -> None:
    assert redact(text) == text


def in_percent(text: str, *, upper: bool = False, depth: int = 1) -> str:
    """Returns every character percent-encoded, so many times."""
    for _ in range(depth):
        text = "".join(f"%{byte:02X}" if upper else f"%{byte:02x}" for byte in text.encode())
    return text


ENCODINGS: dict[str, Callable[[str], str]] = {
    "percent": in_percent,
    "percent in upper case": partial(in_percent, upper=True),
    "percent twice": partial(in_percent, depth=2),
    "percent thrice": partial(in_percent, depth=3),
    "hyphens alone": lambda text: text.replace("-", "%2d"),
    "hyphens alone, again and again": lambda text: text.replace("-", "%" + "25" * 50 + "2d"),
    "each hyphen another way": lambda text: text.replace("-", "%2d", 1).replace("-", "%252D", 1),
    "a letter": lambda text: text[0] + in_percent(text[1]) + text[2:],
    "a form": quote_plus,
    "the escapes of a browser": lambda text: "".join(f"%u{ord(character):04x}" for character in text),
    "JSON": lambda text: "".join(f"\\u{ord(character):04x}" for character in text),
    "JSON in upper case": lambda text: "".join(f"\\u{ord(character):04X}" for character in text),
    "JSON in JSON": lambda text: "".join(f"\\\\u{ord(character):04x}" for character in text),
    "JavaScript": lambda text: "".join(f"\\x{ord(character):02x}" for character in text),
    "JSON in percent": lambda text: in_percent("".join(f"\\u{ord(character):04x}" for character in text)),
    "percent in JSON": lambda text: json.dumps(in_percent(text)).replace("%", "\\u0025"),
    "JSON whose slashes are escaped": lambda text: text.replace("/", "\\/").replace("-", "\\u002d"),
    "base64": lambda text: base64.b64encode(f"{text:<40}".encode()).decode(),
    "base64 without padding": lambda text: base64.urlsafe_b64encode(f"{text:<40}".encode()).decode().rstrip("="),
    "base64 behind letters": lambda text: "key" + base64.b64encode(f"{text:<40}".encode()).decode(),
    "base64 of another alphabet's words": lambda text: base64.b64encode(f"\u00e9{text:<40}".encode()).decode(),
    "base64 of much": lambda text: base64.b64encode(f"{text:<2900}".encode()).decode(),
    "base64 in percent": lambda text: in_percent(base64.b64encode(f"{text:<40}".encode()).decode()),
}
SECRETS = {
    "our key": (KEY.plaintext, KEY.plaintext[-20:]),
    "a named admin token": (ADMIN.plaintext, ADMIN.plaintext[-20:]),
    "the secret of a signing key": ("SGSKhunter2hunter2hunter2", "hunter2"),
    "a callback's token": ("/callbacks/hunter2-hunter2", "hunter2"),
    "a face verification's token": ("BytedToken=hunter2&Action=x", "hunter2"),
    "a bearer": ("Bearer hunter2-hunter2", "hunter2"),
    "an access key id": ("AKLThunter2hunter2", "hunter2"),
    "a webhook's secret": ("whsec_hunter2hunter2", "hunter2"),
    "a configured secret": ("an admin token that looks like nothing", "nothing"),
}


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("kind", SECRETS)
def test_a_secret_is_masked_however_it_is_encoded(monkeypatch: pytest.MonkeyPatch, kind: str, encoding: str) -> None:
    monkeypatch.setattr("app.observability.redaction._hidden", {})
    whole, secret = SECRETS[kind]
    hide([SECRETS["a configured secret"][0]])
    encoded = ENCODINGS[encoding](whole)
    for text in (encoded, f"GET /x/{encoded}?a=1", f"no ({encoded!r}) 小猫", {"fields": [f"{encoded} {encoded}"]}):
        output = str(redact(text))
        assert MASK in output
        assert secret not in fully_decoded(output)


def fully_decoded(text: str) -> str:
    """Returns a text with all of its escapes decoded."""
    for _ in range(8):
        text = re.sub(r"%u([0-9A-Fa-f]{4})", lambda found: chr(int(found[1], 16)), unquote_plus(text))
        text = re.sub(r"\\+[ux]((?<=u)[0-9A-Fa-f]{4}|(?<=x)[0-9A-Fa-f]{2})", lambda found: chr(int(found[1], 16)), text)
    parts = re.findall(r"[A-Za-z0-9_-]{32,}", text)
    return text + "".join(
        base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)).decode(errors="replace")
        for part in parts
        if len(part) % 4 != 1
    )


@pytest.mark.parametrize(
    "text",
    [
        "/callbacks//hunter2",
        "/callbacks/./hunter2",
        "/callbacks;x/hunter2",
        "/callbacks%2fhunter2",
        "//callbacks/x/hunter2",
        "/CALLBACKS/hunter2",
        "\\callbacks\\hunter2",
        "Authorization: Basic aHVudGVyMjpodW50ZXIy",
        "authorization=bearer+hunter2",
    ],
)
def test_a_secret_in_an_odd_place_is_masked(text: str) -> None:
    assert "hunter2" not in redact(text)
    assert "aHVudGVy" not in redact(text)


def test_a_text_without_a_secret_keeps_its_escapes() -> None:
    for text in (
        "/x/100%25/%E5%B0%8F",
        r"C:\users\u0041",
        "a 20260129" + "0" * 40,
        "dGhpcyBpcyBubyBzZWNyZXQgYXQgYWxsLCByZWFsbHk=",
    ):
        assert redact(text) == text


def test_values_that_are_no_text_are_masked_as_they_would_be_written() -> None:
    output = redact(
        {"error": ValueError(f"no {KEY.plaintext}"), "raw": b"Bearer hunter2", "path": Path("/callbacks/hunter2")}
    )
    assert KEY.plaintext not in str(output)
    assert "hunter2" not in str(output)
    assert redact([1, 1.5, True, None]) == [1, 1.5, True, None]


@pytest.mark.parametrize("name", ["a key", "a pair", "a tuple", "a path"])
def test_a_name_of_a_member_is_masked_as_a_value_is(name: str) -> None:
    names: dict[str, object] = {
        "a key": KEY.plaintext,
        "a pair": "token=hunter2",
        "a tuple": ("token=hunter2", KEY.plaintext),
        "a path": Path("/callbacks/hunter2"),
    }
    output = str(redact({"fields": {names[name]: 1, 5: 2}}))
    assert MASK in output
    assert KEY.plaintext not in output
    assert "hunter2" not in output
    assert "5: 2" in output


@pytest.mark.parametrize("name", NAMES)
def test_what_is_named_like_a_secret_is_masked_at_any_depth(name: str) -> None:
    value = generate_key()
    assert value not in json.dumps(redact({"outer": [{name: value}, {"inner": {name: [value]}}]}))


def test_what_the_operator_needs_of_a_database_error_stays() -> None:
    output = redact(
        'duplicate key violates "uq_tasks_upstream_id"\nDETAIL:  Key (x)=(hunter2).\n[SQL: INSERT INTO tasks]'
    )
    assert "uq_tasks_upstream_id" in output
    assert "[SQL: INSERT INTO tasks]" in output


def test_a_traceback_continues_after_a_masked_detail() -> None:
    text = "E: no\nDETAIL:  hunter2\n\nThe above exception was the direct cause of the following exception:\nOther"
    assert redact(text).endswith("exception:\nOther")


def test_a_configured_secret_without_a_known_form_is_masked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.observability.redaction._hidden", {})
    settings = Settings(
        _env_file=None,
        ark_api_key="just some words",
        secret_key="key number one,key number two",
        region="cn-beijing",
        session_token="short",
    )
    hide(settings.secret_texts())
    assert redact(["the just some words", "key number two!"]) == [f"the {MASK}", f"{MASK}!"]
    assert redact("short in cn-beijing") == "short in cn-beijing"


@pytest.mark.parametrize("name", ["SECRET_NAMES", "SECRET_PATTERNS"])
def test_a_process_that_cannot_redact_does_not_start(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(f"app.observability.logging.{name}", ())
    with pytest.raises(RuntimeError, match="redaction"):
        configure_logging(level="info", style="json")


def _fail(text: str) -> None:
    raise RuntimeError(text) from ValueError(text)


def test_exceptions_and_other_libraries_lines_are_masked_too(written: io.StringIO) -> None:
    for text in TEXTS.values():
        try:
            _fail(text)
        except RuntimeError:
            structlog.get_logger("ours").exception("failed", reason=text)
            logging.getLogger("theirs").exception("failed: %s", text)
    output = written.getvalue()
    assert len([json.loads(line) for line in output.splitlines()]) == 2 * len(TEXTS)
    assert "hunter2" not in output
    assert KEY.plaintext not in output


def test_addresses_of_requests_are_left_to_our_own_line(written: io.StringIO) -> None:
    logging.getLogger("uvicorn.access").info("GET /?BytedToken=%s", "hunter2")
    logging.getLogger("httpx").info("HTTP Request: GET %s", "https://example.com/hunter2")
    assert written.getvalue() == ""


def test_a_record_that_cannot_be_formatted_is_dropped_not_printed(
    written: io.StringIO, capfd: pytest.CaptureFixture[str]
) -> None:
    """The standard library would print message and arguments of such a line, past every processor."""
    written.close()
    logging.getLogger("theirs").error("failed: %s", "Bearer hunter2")
    assert capfd.readouterr().err == ""


def test_a_very_long_text_is_cut_between_words_before_it_is_searched() -> None:
    key = "sg-" + "a" * 12 + "-" + "b" * 40
    for shift in range(60):
        text = "x" * (MAX_TEXT_CHARACTERS - shift) + " Bearer " + key + " end"
        shown = redact(text)
        assert "bbb" not in shown
        assert len(shown) < MAX_TEXT_CHARACTERS + 40
    assert redact("x" * 1_000_000).endswith("[1000000 more characters]")

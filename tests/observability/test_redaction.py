"""No log line shows a key, a token, a face verification link, a signed address or a password."""

import io
import json
import logging
import sys
import time
from collections.abc import Iterator

import pytest
import structlog

from app.crypto import generate_key
from app.observability.logging import configure_logging
from app.observability.redaction import MASK, redact
from app.tenants.api_key import make_key

KEY = make_key()
TEXTS = {
    "our key": f"no key {KEY.plaintext} here",
    "a bearer": "Authorization: Bearer hunter2-hunter2",
    "an access key id of a signature": "HMAC-SHA256 Credential=hunter2/20260101/cn-beijing/ark/request",
    "a signature": "SignedHeaders=host, Signature=hunter2",
    "an access key id": "key AKLThunter2hunter2 is not active",
    "an old face verification link": "https://h5-v2.kych5.com?accessKeyId=AKTPx&configId=hunter2&bytedToken=hunter2&lng=zh",
    "a new face verification link": "https://ark.volcengine.com/region:cn-beijing/mobile/authorization?state=hunter2",
    "a signed address": "GET https://bucket.tos.example/v.mp4?X-Tos-Expires=43200&X-Tos-Signature=hunter2 failed",
    "a query without its address": "/assets?Action=GetVisualValidateResult&BytedToken=hunter2",
    "a database's password": "postgresql+asyncpg://seedgate:hunter2@db.example/seedgate",
    "a password among a database's parameters": "postgresql://db.example/seedgate?user=x&password=hunter2",
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
def written(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """Logs everything, as production does, and returns where it is written."""
    stream = io.StringIO()
    before, root = structlog.get_config(), logging.getLogger()
    handlers, level = root.handlers, root.level
    with monkeypatch.context() as patched:
        patched.setattr(sys, "stderr", stream)
        configure_logging(level="debug", style="json")
    yield stream
    # The very same objects: loggers that were used before keep them, and other tests capture what these write.
    structlog.configure(**before)
    root.handlers = handlers
    root.setLevel(level)


@pytest.mark.parametrize("kind", TEXTS)
def test_a_secret_in_a_text_is_masked(kind: str) -> None:
    clean = redact(TEXTS[kind])
    assert "hunter2" not in clean
    assert KEY.plaintext.rpartition("-")[2] not in clean
    assert MASK in clean


def test_of_our_key_the_public_part_stays() -> None:
    assert f"sg-{KEY.parts.public_part}-{MASK}" in redact(KEY.plaintext)


@pytest.mark.parametrize("text", ["GET /api/v3/contents/generations/tasks/cgt-20260101000000-abcde", "cgt-1 is 5?", ""])
def test_what_holds_no_secret_stays_as_it_is(text: str) -> None:
    assert redact(text) == text


@pytest.mark.parametrize("part", ["a", "a.b", "a:", "x://", "https://", "?token", "&a", "token", "sg-1-", "://:", "a@"])
def test_a_long_text_of_a_clients_choosing_takes_no_time(part: str) -> None:
    began_at = time.process_time()
    redact("?" + part * (100_000 // len(part)))
    assert time.process_time() - began_at < 2


@pytest.mark.parametrize("name", NAMES)
def test_what_is_named_like_a_secret_is_masked_at_any_depth(name: str) -> None:
    value = generate_key()
    assert value not in json.dumps(redact({"outer": [{name: value}, {"inner": {name: [value]}}]}))


def _fail(text: str) -> None:
    raise RuntimeError(text) from ValueError(text)


def test_exceptions_and_other_libraries_lines_are_masked_too(written: io.StringIO) -> None:
    for text in TEXTS.values():
        try:
            _fail(text)
        except RuntimeError:
            structlog.get_logger("ours").exception("failed", reason=text)
            logging.getLogger("theirs").exception("failed: %s", text)
    told = written.getvalue()
    assert len([json.loads(line) for line in told.splitlines()]) == 2 * len(TEXTS)
    assert "hunter2" not in told
    assert KEY.plaintext not in told


def test_addresses_of_requests_are_left_to_our_own_line(written: io.StringIO) -> None:
    logging.getLogger("uvicorn.access").info("GET /?BytedToken=%s", "hunter2")
    logging.getLogger("httpx").info("HTTP Request: GET %s", "https://example.com/hunter2")
    assert written.getvalue() == ""


def test_a_line_that_cannot_be_written_is_lost_rather_than_spilt(
    written: io.StringIO, capfd: pytest.CaptureFixture[str]
) -> None:
    """The standard library would print message and arguments of such a line, past every processor."""
    written.close()
    logging.getLogger("theirs").error("failed: %s", "Bearer hunter2")
    assert capfd.readouterr().err == ""

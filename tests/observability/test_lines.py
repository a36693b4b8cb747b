"""No logged text can imitate a line or a field, or control the reader's terminal."""

import io
import json
import logging
from collections.abc import Callable

import pytest
import structlog

from app.observability.escaping import escape
from tests.observability.streams import logging_to
from tests.observability.test_escaping import UNSAFE

NASTY = "".join(UNSAFE)
FORGED = "x\n2026-01-01T00:00:00Z [info     ] forged status=200"
Style = Callable[[], io.StringIO]


def say_everywhere(text: str) -> None:
    """Logs a text in every place that a caller or another library can put it."""
    ours = structlog.stdlib.get_logger("ours")
    ours.warning(text)
    ours.warning("event", field=text, **{f"name {text}": "value"})
    ours.warning(
        "event", nested={"list": [text, {text: text}]}, error=ValueError(text), raw=text.encode("utf-8", "replace")
    )
    ours.bind(bound=text).warning("event", stack_info=True)
    for name in ("uvicorn.error", "asyncio", "sqlalchemy.pool"):
        logging.getLogger(name).error("%s and %s", text, "argument")
        logging.getLogger(f"{name}.{text[:3]}").error("from a logger of that name")
    try:
        _fail(text)
    except RuntimeError:
        ours.exception(text)
        logging.getLogger("asyncio").exception("failed: %s", text)


def _fail(text: str) -> None:
    raise RuntimeError(text) from ValueError(text)


@pytest.mark.parametrize("style", ["json", "console"])
def test_no_character_controls_the_readers_terminal(style: str) -> None:
    with logging_to(style) as stream:
        say_everywhere(NASTY)
    output = stream.getvalue()
    assert escape(output, keep="\n\t") == output
    assert output.isascii() or style == "console"


def test_json_logs_have_one_line_each_and_keep_the_text() -> None:
    with logging_to("json") as stream:
        say_everywhere(FORGED)
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert len(lines) == 12
    assert lines[0]["event"] == FORGED
    assert lines[1]["field"] == FORGED


def test_on_the_console_only_our_lines_begin_at_the_margin() -> None:
    with logging_to("console") as stream:
        say_everywhere(FORGED)
    lines = stream.getvalue().split("\n")[:-1]
    assert len([line for line in lines if line.startswith("20")]) == 12
    assert {line[:4] for line in lines if not line.startswith("20")} <= {"  | ", "", "===="}


def test_on_the_console_a_value_ends_where_it_seems_to_end() -> None:
    with logging_to("console") as stream:
        structlog.stdlib.get_logger("access").warning("request", path='/x status=200 code="none"', status=404)
    assert """path='/x status=200 code="none"' status=404""" in stream.getvalue()


def test_plain_values_stand_on_the_console_as_they_are() -> None:
    with logging_to("console") as stream:
        structlog.stdlib.get_logger("access").warning(
            "request", path="/api/v3/whoami", task="小猫", status=200, code=None
        )
    assert "code=None path=/api/v3/whoami status=200 task=小猫" in stream.getvalue()


def test_on_the_console_a_start_is_one_line() -> None:
    uvicorn, alembic = logging.getLogger("uvicorn.error"), logging.getLogger("alembic.runtime.migration")
    output = {}
    for style in ("console", "json"):
        with logging_to(style) as stream:
            alembic.info("Context impl %s.", "PostgresqlImpl")
            uvicorn.info("Started server process [%d]", 1)
            uvicorn.info("Application startup complete.")
            uvicorn.info("Uvicorn running on %s://%s:%d (Press CTRL+C to quit)", "http", "127.0.0.1", 8080)
            uvicorn.warning("Application startup complete, but late")
            alembic.warning("a warning")
        output[style] = stream.getvalue().splitlines()
    assert ["listening on http://127.0.0.1:8080" in line for line in output["console"]] == [True, False, False]
    assert len(output["json"]) == 6

"""What docs/webhooks.md shows to receivers works."""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks import Webhook

from app.webhooks.callback_url_policy import MAX_URL_LENGTH
from app.webhooks.failures import Failure, TenantFailure, for_tenant
from app.webhooks.report import CallbackState
from app.webhooks.scheduler import Caps
from app.webhooks.secrets import new_secret
from app.webhooks.sender import Timeouts

PAGE = (Path(__file__).resolve().parents[2] / "docs/webhooks.md").read_text()


def test_the_snippet_accepts_a_signed_message_once_and_refuses_others(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    secret, body = new_secret(), '{"id":"cgt-1","status":"succeeded"}'
    monkeypatch.setenv("SEEDGATE_WEBHOOK_SECRET", secret)
    found = re.search(r"```python\n(.*?)```", PAGE, re.DOTALL)
    assert found is not None
    names: dict[str, Any] = {}
    exec(found[1], names)
    now = datetime.now(UTC)
    headers = {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(secret).sign("msg_1", now, body),
    }

    assert [names["receive"](body.encode(), headers) for _ in range(2)] == [204, 204]
    assert names["receive"](body.replace("1", "2").encode(), headers) == 400
    assert names["receive"](body.encode(), {}) == 400
    assert capsys.readouterr().out == "cgt-1 is succeeded\n"


def test_the_limits_are_documented() -> None:
    caps, timeouts = Caps(), Timeouts()
    assert f"at most {caps.total} messages at once, {caps.per_tenant} for one tenant, {caps.per_origin} to one" in PAGE
    assert (
        f"**2xx within {timeouts.total_seconds:.0f} seconds** is delivered ({timeouts.connect_seconds:.0f} of them"
        in PAGE
    )
    assert f"at most {MAX_URL_LENGTH} characters" in PAGE


def test_exactly_the_states_and_failures_that_exist_are_documented() -> None:
    section = PAGE.partition("## State of a delivery")[2].partition("\n## ")[0]
    cells = re.findall(r"^\| `([^`]*)` \| [^|]", section, re.MULTILINE)
    documented = [re.sub(r" \(\d{3}\)$", "", cell) for cell in cells]
    words = {for_tenant(failure.with_status(500)) for failure in Failure} | {for_tenant(failure) for failure in Failure}
    failures = {re.sub(r" \(\d{3}\)$", "", text) for text in words} | set(TenantFailure)
    assert sorted(documented) == sorted([*CallbackState, *failures])

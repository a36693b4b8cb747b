"""No failure writes a secret to the log."""

import json
import secrets
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest
import pytest_asyncio
import structlog
from pydantic import SecretStr
from sqlalchemy.exc import IntegrityError

from app.db.engine import open_engine, session_factory
from app.sandbox.config import Account, SandboxConfig
from app.settings import Settings
from app.tenants.models import TenantRow
from tests.support.clock import MovableClock
from tests.support.database import own_database
from tests.support.driving import new_session, pass_verification
from tests.support.gateway import TASKS, Gateway, Tenant, open_gateway
from tests.support.logs import Log, written

CUTS: list[dict[str, Any]] = [{"kind": "cut", "at": at} for at in ("request", "before", "after", "headers", "body")]
ERRORS: list[dict[str, Any]] = [
    {"kind": "error", "status": status, "code": code, "message": "no: {echo}"}
    for status, code in (
        (400, "InvalidParameter"),
        (401, "AuthenticationError"),
        (403, "AccountOverdueError"),
        (404, "NotFound"),
        (429, "AccountRateLimitExceeded"),
        (500, "InternalServiceError"),
        (503, "ServiceUnavailable"),
    )
]
OTHERS: list[dict[str, Any]] = [{"kind": "garbage"}, {"kind": "oversize"}, {"kind": "delay", "delay_seconds": 0.8}]
# What a create of an asset is not searched for, for seconds.
SOON_KNOWN = ERRORS[:5]
EFFECTS = [*CUTS, *ERRORS, *OTHERS]
UPSTREAM = Account(
    name="default",
    api_key="ark-key-that-nobody-may-read",
    access_key_id="AKthatnobodymayread",
    secret_access_key="secret-access-key-that-nobody-may-read",
)


@pytest.fixture
def log() -> Iterator[Log]:
    """What this test has logged."""
    with written() as found:
        yield found


@pytest_asyncio.fixture
async def gateway(database_url: str) -> AsyncIterator[Gateway]:
    """A gateway that is called back, all of whose secrets are its own."""
    clock = MovableClock()
    config = SandboxConfig(accounts=(UPSTREAM,), clock=clock, limits=None, time_scale=1000)
    async with (
        own_database(database_url) as url,
        open_gateway(
            url,
            sandbox_config=config,
            clock=clock,
            background="off",
            ark_api_key=SecretStr(UPSTREAM.api_key),
            access_key_id=SecretStr(UPSTREAM.access_key_id),
            secret_access_key=SecretStr(UPSTREAM.secret_access_key),
            public_url="http://127.0.0.1:9/gateway",
            create_read_timeout_seconds=0.4,
            upstream_read_timeout_seconds=0.4,
            upstream_max_response_bytes=64 * 1024,
        ) as running,
    ):
        yield running


class Used:
    """The secrets of a test, by what they are."""

    def __init__(self, gateway: Gateway, tenant: Tenant) -> None:
        settings: Settings = gateway.settings
        self.texts = {f"setting {number}": text for number, text in enumerate(settings.secret_texts())}
        del self.texts["setting 0"]  # the address of the tests' database, which has no password
        self.texts |= {
            "tenant's key": tenant.key.rpartition("-")[2],
            "wrong key": secrets.token_hex(20),
            "wrong admin token": secrets.token_hex(20),
            "prompt": "a prompt that nobody else may read",
            "signature": secrets.token_hex(20),
            "address": secrets.token_hex(20),
            "password": secrets.token_hex(20),
            "query": secrets.token_hex(20),
            "tenant's name": secrets.token_hex(20),
            "channel's key": secrets.token_hex(20),
            "channel's secret": secrets.token_hex(20),
        }

    def __getitem__(self, name: str) -> str:
        return self.texts[name]

    def found_in(self, text: str) -> list[str]:
        """Returns what a text holds of them."""
        return [name for name, secret in self.texts.items() if secret in text]


@pytest.mark.slow
async def test_no_failure_logs_a_secret(gateway: Gateway, log: Log) -> None:
    tenant = await gateway.tenant(allowed_channels=["default"])
    used = Used(gateway, tenant)
    await _fail_at_tasks(gateway, tenant, used)
    await _fail_at_actions(gateway, tenant, used)
    await _fail_at_the_door(gateway, tenant, used)
    await _fail_at_the_operators(gateway, tenant, used)
    output = log.stream.getvalue()
    assert len(log.requests()) > 100
    assert {"create_outcome_unknown", "create_not_accepted", "request_failed"} <= {
        line["event"] for line in log.lines()
    }
    assert used.found_in(output) == []


async def test_an_unexpected_error_logs_no_secret(gateway: Gateway, log: Log) -> None:
    """The row that PostgreSQL refused is in its error's text, in the text of SQLAlchemy's, and in the traceback."""
    engine = open_engine(gateway.database_url)
    secret = secrets.token_hex(20)
    tenant = await gateway.tenant()
    with pytest.raises(IntegrityError) as caught:
        async with session_factory(engine).begin() as session:
            session.add(TenantRow(id=tenant.id, name=secret))
    await engine.dispose()
    structlog.get_logger("test").error("failed", error=repr(caught.value))
    structlog.get_logger("test").error("failed", error=str(caught.value), exc_info=caught.value)
    assert secret not in log.stream.getvalue()
    assert "violates not-null constraint" in log.stream.getvalue()


async def _fault(gateway: Gateway, operation: str, effect: dict[str, Any], echo: str) -> None:
    filled = json.loads(json.dumps(effect).replace("{echo}", echo))
    script = {"operation": operation, "times": 1, "effect": filled}
    assert (await gateway.control.post("/faults", json=script)).status_code == 201


async def _fail_at_tasks(gateway: Gateway, tenant: Tenant, used: Used) -> None:
    media = f"https://media.example.com/{used['address']}.png?X-Tos-Signature={used['signature']}"
    content = [
        {"type": "text", "text": used["prompt"]},
        {"type": "image_url", "image_url": {"url": media}, "role": "first_frame"},
    ]
    callback = f"https://me:{used['password']}@tenant.example/{used['address']}?token={used['query']}"
    for effect in EFFECTS:
        await gateway.control.delete("/faults")
        await _fault(gateway, "create_task", effect, UPSTREAM.api_key)
        await tenant.create_task(content=content)
        await tenant.new_task(content=content)  # five unknown outcomes in a row would open the breaker
    await tenant.create_task(content=content, callback_url=callback)
    await tenant.create_task(content=content, duration=99)
    await tenant.http.post(TASKS, content=json.dumps({"model": used["prompt"], "content": used["address"]})[:-5])
    task_id = await tenant.new_task(content=content)
    token = _callback_tokens(gateway)
    used.texts |= {f"callback token {number}": text for number, text in enumerate(token)}
    for text in token:
        for path in (f"/callbacks/{text}", f"/callbacks/{text}/", f"/callbacks/{text}/more"):
            await gateway.anonymous.post(path, json={"id": task_id, "status": "running"})
            await gateway.anonymous.get(path)
            await gateway.anonymous.post(path, content=b"\xff" * 100_000)
    for effect in EFFECTS:
        for operation, method in (("get_task", "GET"), ("delete_task", "DELETE")):
            await gateway.control.delete("/faults")
            await _fault(gateway, operation, effect, UPSTREAM.api_key)
            await tenant.http.request(method, f"{TASKS}/{task_id}", params={"token": used["query"]})
    await gateway.control.delete("/faults")


def _callback_tokens(gateway: Gateway) -> list[str]:
    """Returns the tokens that the upstream was told."""
    bodies = [entry.body for entry in gateway.sandbox.store.ledger.requests if entry.operation == "create_task"]
    urls = [json.loads(body).get("callback_url", "") for body in bodies if body]
    found = [url.rpartition("/callbacks/")[2] for url in urls if "/callbacks/" in url]
    assert len(found) > 1
    return [found[0], found[-1]]


async def _fail_at_actions(gateway: Gateway, tenant: Tenant, used: Used) -> None:
    session = await new_session(tenant)
    used.texts |= {"BytedToken": session["BytedToken"], "H5Link": session["H5Link"].rpartition("/")[2]}
    url = f"https://media.example.com/{used['address']}.png?Signature={used['signature']}"
    group = (await tenant.action("CreateAssetGroup", Name="mine", GroupType="AIGC")).json()
    for effect in EFFECTS:
        for operation, body in (
            ("CreateAsset", {"GroupId": group["Id"], "URL": url, "AssetType": "Image", "Name": secrets.token_hex(4)}),
            ("GetVisualValidateResult", {"BytedToken": session["BytedToken"]}),
            ("GetAssetGroup", {"Id": group["Id"]}),
        ):
            if operation == "CreateAsset" and effect not in SOON_KNOWN:
                continue
            await gateway.control.delete("/faults")
            await _fault(gateway, operation, effect, UPSTREAM.access_key_id)
            await tenant.action(operation, **body)
    await gateway.control.delete("/faults")
    await pass_verification(session["H5Link"])
    await tenant.action("GetVisualValidateResult", BytedToken=session["BytedToken"])
    await tenant.action("GetVisualValidateResult", BytedToken=session["BytedToken"] + "x")
    query = {"Action": "GetVisualValidateResult", "BytedToken": session["BytedToken"], "Version": "2024-01-01"}
    await tenant.http.post("/", params=query, json={})
    await tenant.http.get(f"/nowhere/{TASKS}", params=query)


async def _fail_at_the_door(gateway: Gateway, tenant: Tenant, used: Used) -> None:
    for headers in (
        {"Authorization": f"Bearer {used['wrong key']}"},
        {"X-Api-Key": used["wrong key"]},
        {"Authorization": f"HMAC-SHA256 Credential={used['wrong key']}/20260101/x/ark/request, Signature=00"},
        {"Authorization": f"Bearer {used['wrong admin token']}"},
        {"Cookie": f"token={used['query']}"},
    ):
        for path in (TASKS, "/metrics", "/admin/v1/tenants", "/nowhere"):
            await gateway.anonymous.get(path, headers=headers, params={"password": used["query"]})
    await tenant.http.get("/admin/v1/tenants")
    await gateway.anonymous.get(TASKS, headers=gateway.admin.headers)
    await tenant.http.post(TASKS, content=b"{", headers={"Content-Encoding": "gzip"})


async def _fail_at_the_operators(gateway: Gateway, tenant: Tenant, used: Used) -> None:
    channel = {
        "ark_api_key": used["channel's key"],
        "access_key_id": used["wrong key"],
        "secret_access_key": used["channel's secret"],
    }
    made = await gateway.admin.post(
        "/channels", json={"name": "dead", "ark_base_url": "http://127.0.0.1:1/api/v3", **channel}
    )
    await gateway.admin.post("/channels", json={"name": "dead", **channel})
    await gateway.admin.post("/channels", json={"name": "x", "weight": "no", **channel})
    await gateway.admin.patch(f"/channels/{made.json()['id']}", json={"priority": 100})
    await gateway.admin.post(f"/channels/{made.json()['id']}/check")
    key = await gateway.key_of(tenant.id, allowed_channels=["dead"])
    used.texts["another key"] = key.key.rpartition("-")[2]
    await key.create_task(content=[{"type": "text", "text": used["prompt"]}])
    await gateway.admin.post("/tenants", json={"name": used["tenant's name"], "limits": used["query"]})
    secret = await gateway.admin.post(f"/tenants/{tenant.id}/webhook-secret", json={})
    if secret.status_code < httpx.codes.BAD_REQUEST:
        used.texts["webhook secret"] = secret.json()["secret"]
    await gateway.admin.post(f"/keys/{key.key_id}/rotate", json={"grace_seconds": "no", "key": used["query"]})

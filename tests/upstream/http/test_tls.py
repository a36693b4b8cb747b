"""TLS is verified, and after a failed handshake nothing was sent."""

from pathlib import Path

import pytest
from cryptography import x509

from app.upstream.credentials import ArkAccount
from app.upstream.errors import NotSentError
from tests.upstream.certificates import LOOPBACK, certify
from tests.upstream.conftest import Bench
from tests.upstream.servers import API_KEY, to_response

CREATED = to_response(200, {"id": "cgt-1"})


async def test_an_authority_of_the_bundle_is_trusted(bench: Bench, tmp_path: Path) -> None:
    context, bundle = certify(tmp_path, LOOPBACK)
    port = await bench.serve_tls(context, CREATED)
    ark = await bench.ark(ca_bundle=bundle)
    for _ in range(2):
        created = await ark.create(ArkAccount(f"https://127.0.0.1:{port}", API_KEY), b"{}", request_id="r")
        assert created == "cgt-1"


async def test_nothing_is_sent_to_a_server_of_an_unknown_authority(bench: Bench, tmp_path: Path) -> None:
    context, _ = certify(tmp_path, LOOPBACK)
    port = await bench.serve_tls(context, CREATED)
    with pytest.raises(NotSentError) as caught:
        await (await bench.ark()).create(ArkAccount(f"https://127.0.0.1:{port}", API_KEY), b"{}", request_id="r")
    assert "SSLCertVerificationError" in caught.value.reason


async def test_nothing_is_sent_to_a_server_with_a_certificate_for_another_name(bench: Bench, tmp_path: Path) -> None:
    context, bundle = certify(tmp_path, x509.DNSName("elsewhere.test"))
    port = await bench.serve_tls(context, CREATED)
    ark = await bench.ark(ca_bundle=bundle)
    with pytest.raises(NotSentError):
        await ark.create(ArkAccount(f"https://127.0.0.1:{port}", API_KEY), b"{}", request_id="r")


async def test_a_large_body_arrives_over_tls(bench: Bench, tmp_path: Path) -> None:
    context, bundle = certify(tmp_path, LOOPBACK)
    port = await bench.serve_tls(context, CREATED)
    ark = await bench.ark(ca_bundle=bundle)
    created = await ark.create(ArkAccount(f"https://127.0.0.1:{port}", API_KEY), b"x" * 3_000_000, request_id="r")
    assert created == "cgt-1"


async def test_a_missing_ca_bundle_is_refused_at_the_start(bench: Bench, tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        await bench.http(ca_bundle=str(tmp_path / "absent.pem"))

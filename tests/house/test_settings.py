"""Settings: wrong ones stop the start with a reason that holds no secret."""

import pytest
from pydantic import ValidationError

from app.settings import Settings


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SEEDGATE_REDIS_URL", "redis://127.0.0.1"),
        ("SEEDGATE_QUEUE", "on"),
    ],
)
def test_a_setting_whose_feature_is_not_built_is_refused(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ValidationError, match=f"{name} is not supported yet"):
        Settings(_env_file=None)


def test_a_short_admin_token_is_refused_without_being_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEEDGATE_ADMIN_TOKEN", "hunter2hunter2")
    with pytest.raises(ValidationError) as caught:
        Settings(_env_file=None)
    assert "32" in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_half_an_access_key_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEEDGATE_ACCESS_KEY_ID", "AKLTexample")
    with pytest.raises(ValidationError, match="together or not at all"):
        Settings(_env_file=None)


def test_an_empty_value_counts_as_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEEDGATE_ARK_API_KEY", "")
    assert Settings(_env_file=None).ark_api_key is None


@pytest.mark.parametrize("field", ["trusted_proxies", "callback_allow"])
def test_networks_are_given_as_a_list(monkeypatch: pytest.MonkeyPatch, field: str) -> None:
    monkeypatch.setenv(f"SEEDGATE_{field.upper()}", "10.0.0.0/8, ::1")
    assert [str(network) for network in getattr(Settings(_env_file=None), field)] == ["10.0.0.0/8", "::1/128"]


def test_where_channels_may_lead_is_a_list_of_hosts_and_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEEDGATE_CHANNEL_ALLOW", "10.0.0.0/8, Ark.Internal., 127.0.0.1,fd00::/8,localhost")
    allowed = [str(entry) for entry in Settings(_env_file=None).channel_allow]
    assert allowed == ["10.0.0.0/8", "ark.internal", "127.0.0.1/32", "fd00::/8", "localhost"]


@pytest.mark.parametrize(
    "entry",
    [
        "http://ark.internal",
        "ark.internal:8080",
        "*.internal",
        "*",
        "10.0.0.0/33",
        "127.1",
        "a b",
        "host/path",
        "[::1]",
    ],
)
def test_what_is_neither_host_nor_network_is_refused(monkeypatch: pytest.MonkeyPatch, entry: str) -> None:
    monkeypatch.setenv("SEEDGATE_CHANNEL_ALLOW", f"10.0.0.0/8,{entry}")
    with pytest.raises(ValidationError, match="neither a host name nor a network"):
        Settings(_env_file=None)


@pytest.mark.parametrize(
    "url", ["gateway.example", "ftp://gateway.example", "https://", "https://u:p@g.example", "https://g.example/?a=1"]
)
def test_a_public_url_that_the_upstream_could_not_call_is_refused(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("SEEDGATE_PUBLIC_URL", url)
    with pytest.raises(ValidationError, match="http or https URL"):
        Settings(_env_file=None)


def test_a_public_url_loses_its_last_slash(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEEDGATE_PUBLIC_URL", "https://gateway.example/seedgate/")
    assert Settings(_env_file=None).public_url == "https://gateway.example/seedgate"

"""Settings: wrong ones stop the start with a reason that holds no secret."""

import pytest
from pydantic import ValidationError

from app.settings import Settings


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SEEDGATE_PUBLIC_URL", "https://gateway.example"),
        ("SEEDGATE_CALLBACK_ALLOW", "10.0.0.0/8"),
        ("SEEDGATE_REDIS_URL", "redis://127.0.0.1"),
        ("SEEDGATE_QUEUE", "on"),
        ("SEEDGATE_METRICS_PORT", "9000"),
        ("SEEDGATE_UNKNOWN_GRACE_SECONDS", "60"),
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


def test_trusted_proxies_are_a_list_of_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEEDGATE_TRUSTED_PROXIES", "10.0.0.0/8, ::1")
    assert [str(network) for network in Settings(_env_file=None).trusted_proxies] == ["10.0.0.0/8", "::1/128"]

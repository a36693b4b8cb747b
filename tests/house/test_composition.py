"""Where channels may lead, as the settings say."""

import pytest

from app.settings import SettingError, Settings
from app.upstream.configured import destination_rules
from app.upstream.destinations import DestinationError
from app.upstream.origins import parse_origin


def test_what_the_environment_names_for_the_default_channel_is_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEEDGATE_ARK_BASE_URL", "http://127.0.0.1:8090/api/v3")
    monkeypatch.setenv("SEEDGATE_OPENAPI_URL", "HTTP://10.0.0.1:80")
    rules = destination_rules(Settings(_env_file=None))
    for allowed in ("http://127.0.0.1:8090/other", "http://10.0.0.1", "https://ark.cn-beijing.volces.com/api/v3"):
        rules.check(parse_origin(allowed))
    for refused in ("http://127.0.0.1:8091", "https://127.0.0.1:8090", "http://10.0.0.1:8080", "http://example.com"):
        with pytest.raises(DestinationError):
            rules.check(parse_origin(refused))


def test_what_the_setting_allows_is_allowed_beside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEEDGATE_CHANNEL_ALLOW", "ark.internal,10.0.0.0/8")
    rules = destination_rules(Settings(_env_file=None))
    for allowed in ("http://ark.internal:8080", "http://10.0.0.1"):
        rules.check(parse_origin(allowed))


def test_an_address_that_is_none_stops_the_start_by_the_settings_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEEDGATE_OPENAPI_URL", "open.volcengineapi.com")
    with pytest.raises(SettingError, match="SEEDGATE_OPENAPI_URL: it must begin with"):
        destination_rules(Settings(_env_file=None))

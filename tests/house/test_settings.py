"""Settings: wrong ones stop the start with a reason that holds no secret."""

import errno
import os
from ipaddress import ip_network
from itertools import product
from pathlib import Path

import pytest
from pydantic import ValidationError

from app.addresses import is_in, unwrap
from app.setting_names import SETTINGS
from app.settings import Settings, problems
from tests.house.judging import Judge

# No address is compared with one of these: the IPv4 address is taken out first, so it would allow nothing.
EMBEDDED_IPV4 = (
    "::ffff:10.0.0.0/104",
    "::ffff:10.0.0.1",
    "64:ff9b::/96",
    "2002:a00::/24",
    "::10.0.0.0/104",
    "::/96",
)
LISTS_OF_NETWORKS = ("CHANNEL_ALLOW", "CALLBACK_ALLOW", "TRUSTED_PROXIES")
REFUSED = [
    ("must begin with redis://", "REDIS_URL", "http://127.0.0.1:6379"),
    ("a web url begins with http", "OPERATOR_WEBHOOK", "alerts.internal/hook"),
    ("must not hold a user name", "OPERATOR_WEBHOOK", "https://u:p@alerts.internal/hook"),
    ("is not supported yet", "QUEUE", "on"),
    ("is of no use without SEEDGATE_ARCHIVE_URL", "ARCHIVE_ACCESS_KEY_ID", "AKexample"),
    ("needs SEEDGATE_ARCHIVE_ACCESS_KEY_ID", "ARCHIVE_URL", "s3://clips"),
    ("less than or equal to 604800", "ARCHIVE_LINK_SECONDS", "604801"),
    ("together or not at all", "ACCESS_KEY_ID", "AKLTexample"),
    *(
        ("neither a host name nor a network", "CHANNEL_ALLOW", f"10.0.0.0/8,{entry}")
        for entry in (
            *("http://ark.internal", "ark.internal:8080", "*.internal", "*", "10.0.0.0/33", "a..b", "-a.b", "a.-b"),
            *("1.2.3.4.5", "0x", "a" * 64 + ".b", "a." * 127 + "b", "方舟.example", "a b", "host/path", "[::1]"),
        )
    ),
    *(
        ("write the IPv4 network", name, f"10.0.0.0/8,{entry}")
        for name, entry in [
            *product(("CHANNEL_ALLOW", "CALLBACK_ALLOW"), EMBEDDED_IPV4),
            *product(("TRUSTED_PROXIES",), EMBEDDED_IPV4[:2]),
        ]
    ),
    *(("has a zone", name, "fe80::%eth0/64") for name in LISTS_OF_NETWORKS),
    *(
        ("http or https URL", "PUBLIC_URL", url)
        for url in (
            "gateway.example",
            "ftp://gateway.example",
            "https://",
            "https://u:p@g.example",
            "https://g.example/?a=1",
        )
    ),
]


@pytest.mark.parametrize(("reason", "name", "value"), REFUSED)
def test_a_value_that_would_have_no_effect_or_another_one_is_refused(
    monkeypatch: pytest.MonkeyPatch, reason: str, name: str, value: str
) -> None:
    monkeypatch.setenv(f"SEEDGATE_{name}", value)
    with pytest.raises(ValidationError, match=reason):
        Settings(_env_file=None)


def test_a_short_admin_token_is_refused_without_being_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEEDGATE_ADMIN_TOKEN", "hunter2hunter2")
    with pytest.raises(ValidationError) as caught:
        Settings(_env_file=None)
    assert "32" in str(caught.value)
    assert "hunter2" not in str(caught.value)


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


@pytest.mark.parametrize("entry", ["127.1", "0x7F000001", "2130706433", "017700000001", "127.0.0.1."])
def test_an_allowed_address_may_be_spelled_as_a_url_spells_it(monkeypatch: pytest.MonkeyPatch, entry: str) -> None:
    monkeypatch.setenv("SEEDGATE_CHANNEL_ALLOW", entry)
    assert Settings(_env_file=None).channel_allow == (ip_network("127.0.0.1/32"),)


@pytest.mark.parametrize("entry", ["::1", "::", "::/0", "2000::/3", "fd00::/8", "2001:db8:64::/96"])
def test_every_other_network_is_taken(monkeypatch: pytest.MonkeyPatch, entry: str) -> None:
    for name in LISTS_OF_NETWORKS:
        monkeypatch.setenv(f"SEEDGATE_{name}", entry)
        assert getattr(Settings(_env_file=None), name.lower()) == (ip_network(entry),)
    assert is_in(unwrap(ip_network(entry)[0]), (ip_network(entry),)), "an address in it is compared with it"


def test_a_public_url_loses_its_last_slash(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEEDGATE_PUBLIC_URL", "https://gateway.example/seedgate/")
    assert Settings(_env_file=None).public_url == "https://gateway.example/seedgate"


def test_a_misspelt_setting_is_refused_with_the_nearest_name(judge: Judge, tmp_path: Path) -> None:
    """Ignored, it would leave the gateway without what its operator believes to have set."""
    (tmp_path / ".env").write_text("SEEDGATE_ARK_APIKEY=k\nPATH_OF_ANOTHER=x\n")
    code, _, err = judge(SEEDGATE_DATABSE_URL="postgresql://x", seedgate_zzz="1")
    assert code == 2
    assert err == (
        "seedgate: SEEDGATE_ARK_APIKEY is no setting; did you mean SEEDGATE_ARK_API_KEY?\n"
        "SEEDGATE_DATABSE_URL is no setting; did you mean SEEDGATE_DATABASE_URL?\n"
        "SEEDGATE_ZZZ is no setting\n"
    )


def test_errors_of_every_kind_are_reported_at_once(judge: Judge) -> None:
    """Otherwise an operator mends one, starts again and meets the next."""
    code, _, err = judge(
        SEEDGATE_ZZZ="1",
        SEEDGATE_DB_POOL_SIZE="many",
        SEEDGATE_ADMIN_TOKEN="short",
        SEEDGATE_SECRET_KEY="short",
        SEEDGATE_MODELS="no-such-file.json",
        SEEDGATE_ARK_BASE_URL="ftp://upstream.example",
        SEEDGATE_EGRESS_PROXY="ftp://proxy.example",
    )
    assert code == 2
    named = ["ZZZ", "DB_POOL_SIZE", "ADMIN_TOKEN", "SECRET_KEY", "MODELS", "ARK_BASE_URL", "EGRESS_PROXY"]
    assert sorted(line.removeprefix("seedgate: ").split(":")[0].split()[0] for line in err.splitlines()) == sorted(
        f"SEEDGATE_{name}" for name in named
    )


def test_an_invalid_setting_brings_no_error_that_is_not_there(judge: Judge) -> None:
    code, _, err = judge(SEEDGATE_DATABASE_HOST="a b", SEEDGATE_DATABASE_USER="x", SEEDGATE_DATABASE_PORT="x")
    assert code == 2
    assert [line.partition(":")[0].removeprefix("seedgate: ") for line in err.splitlines()] != []
    assert "is of no use" not in err
    assert err.count("\n") == 2


def test_the_list_of_names_is_the_one_of_the_settings() -> None:
    assert tuple(Settings.model_fields) == SETTINGS


def test_what_users_and_platforms_set_beside_the_settings_passes(judge: Judge) -> None:
    beside = {
        "SEEDGATE_URL": "http://x",
        "SEEDGATE_API_KEY": "k",
        "SEEDGATE_WEBHOOK_SECRET": "s",
        # What Kubernetes sets for a service that is named seedgate.
        "SEEDGATE_SERVICE_HOST": "10.0.0.1",
        "SEEDGATE_SERVICE_ANYTHING": "x",
        "SEEDGATE_PORT_ANYTHING": "x",
        "SEEDGATE_SERVICE_PORT_HTTP": "80",
        "SEEDGATE_PORT": "tcp://10.0.0.1:80",
        "SEEDGATE_PORT_80_TCP_ADDR": "10.0.0.1",
        # ... and for services beside it.
        "SEEDGATE_POSTGRES_SERVICE_HOST": "10.0.0.2",
        "SEEDGATE_REDIS_SERVICE_PORT": "6379",
        "SEEDGATE_METRICS_SERVICE_PORT_HTTP": "9090",
        "SEEDGATE_POSTGRES_PORT": "tcp://10.0.0.2:5432",
        "SEEDGATE_POSTGRES_PORT_5432_TCP": "tcp://10.0.0.2:5432",
        "SEEDGATE_POSTGRES_PORT_5432_TCP_PROTO": "tcp",
        "SEEDGATE_DNS_CACHE_PORT_53_UDP_ADDR": "10.0.0.3",
        # Compose and Kubernetes hand on what has no value as an empty text.
        "SEEDGATE_ARK_APIKEY": "",
    }
    needed = "SEEDGATE_ADMIN_TOKEN and SEEDGATE_SECRET_KEY"
    code, out, err = judge(**beside)
    assert (code, out.splitlines()[0], err) == (0, f"The settings are usable; `serve` also needs {needed}.", "")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SEEDGATE_SERVICES_HOST", "10.0.0.1"),
        ("SEEDGATE_METRIC_PORT", "9090"),
        ("SEEDGATE_POSTGRES_PORT_TCP", "tcp://10.0.0.1"),
        ("SEEDGATE_POSTGRES_HOST", "10.0.0.1"),
    ],
)
def test_what_only_resembles_a_variable_of_kubernetes_is_refused(judge: Judge, name: str, value: str) -> None:
    code, _, err = judge(**{name: value})
    assert code == 2
    assert err.startswith(f"seedgate: {name} is no setting")


@pytest.mark.parametrize("field", [name for name in Settings.model_fields if name.endswith("_port")])
def test_a_port_that_kubernetes_has_set_is_refused_with_the_remedy(judge: Judge, field: str) -> None:
    name, service = f"SEEDGATE_{field.upper()}", f"seedgate-{field.removesuffix('_port')}"
    code, _, err = judge(**{name: "tcp://10.0.0.1:9090"})
    assert code == 2
    assert err.startswith(f"seedgate: {name}: Kubernetes has set it for a service named {service}")
    assert "`enableServiceLinks: false`" in err


def test_an_env_file_that_is_not_utf_8_is_refused_by_its_name(judge: Judge, tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"SEEDGATE_REGION=\xffsecret-value\n")
    assert judge() == (2, "", f"seedgate: {tmp_path / '.env'} is not UTF-8; save it as UTF-8\n")


def test_an_env_file_that_cannot_be_read_is_refused_by_its_name(judge: Judge, tmp_path: Path) -> None:
    """Opening a link to itself fails for every user; root may read a file without permissions."""
    (tmp_path / ".env").symlink_to(".env")
    reason = os.strerror(errno.ELOOP)
    assert judge() == (2, "", f"seedgate: {tmp_path / '.env'} cannot be read: {reason}\n")


def test_a_byte_order_mark_is_no_part_of_the_first_name(judge: Judge, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("SEEDGATE_LOG_LEVEL=loud\n", encoding="utf-8-sig")
    code, _, err = judge()
    assert code == 2
    assert err.startswith("seedgate: SEEDGATE_LOG_LEVEL: ")


def test_a_folder_in_the_place_of_the_env_file_holds_no_settings(judge: Judge, tmp_path: Path) -> None:
    (tmp_path / ".env").mkdir()
    assert judge()[0] == 0


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SEEDGATE_DATABASE_URL", "mysql://secret-value"),
        ("SEEDGATE_DATABASE_URL", "postgresql://u:secret-value@w@h:notaport/db"),
        ("SEEDGATE_DATABASE_URL", "postgresql://u:secret-value/x@h/db"),
        ("SEEDGATE_DATABASE_URL", "postgresql://u:secret-value@h/db?sslmode=bogus"),
        ("SEEDGATE_DATABASE_URL", "postgresql://u:secret-value@h/db?sslmode=verify-full&sslrootcert=/no/such/file"),
        ("SEEDGATE_DATABASE_HOST", "postgresql://u:secret-value@h/db"),
        ("SEEDGATE_DATABASE_PASSWORD", "secret-value"),
        ("SEEDGATE_SECRETS_DIR", "/no/such/folder"),
        ("SEEDGATE_PG_BIN", "/no/such/folder"),
        ("SEEDGATE_ADMIN_TOKEN", "secret-value"),
        ("SEEDGATE_SECRET_KEY", "secret-value"),
        ("SEEDGATE_SECRET_KEY", "MTIzNDU2Nzg="),
        ("SEEDGATE_MODELS", "/no/such/file"),
        ("SEEDGATE_PUBLIC_URL", "gateway.example"),
        ("SEEDGATE_TRUSTED_PROXIES", "10.0.0.0/99"),
        ("SEEDGATE_CA_BUNDLE", "/no/such/file"),
        ("SEEDGATE_ARK_BASE_URL", "ark.example"),
        ("SEEDGATE_EGRESS_PROXY", "gopher://x"),
        ("SEEDGATE_DB_POOL_SIZE", "0"),
        ("SEEDGATE_LOG_LEVEL", "loud"),
        ("SEEDGATE_ACCESS_KEY_ID", "secret-value"),
    ],
)
def test_each_message_names_the_variable_and_shows_no_secret(judge: Judge, name: str, value: str) -> None:
    code, out, err = judge(**{"SEEDGATE_ARK_API_KEY": "secret-value", name: value})
    assert (code, out) == (2, "")
    assert err.startswith("seedgate: SEEDGATE_")
    assert name in err
    assert "secret-value" not in err
    assert f"`{name.removeprefix('SEEDGATE_').lower()}`" not in err


@pytest.mark.parametrize("name", ["SEEDGATE_ARK_BASE_URL", "SEEDGATE_OPENAPI_URL", "SEEDGATE_REGION"])
def test_where_the_upstream_is_is_judged_without_a_key_too(judge: Judge, name: str) -> None:
    code, _, err = judge(**{name: "a b/../"})
    assert code == 2
    assert err.startswith(f"seedgate: {name}: ")


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u:p@192.0.2.1/db",
        "postgres://u:p%40w@nowhere.invalid:5432,other.invalid:5433/db?sslmode=require",
        "postgresql+asyncpg:///db?host=/no/such/socket&user=u",
    ],
)
def test_a_database_url_is_read_without_connecting(judge: Judge, url: str) -> None:
    code, out, err = judge(SEEDGATE_DATABASE_URL=url)
    assert (code, err) == (0, "")
    assert out.startswith("The settings are usable")


def test_origins_of_web_pages_are_given_as_browsers_send_them(monkeypatch: pytest.MonkeyPatch) -> None:
    origins = (
        "https://app.example.com",
        "http://localhost:5173",
        "http://127.0.0.1",
        "http://[::1]:8080",
        "https://xn--bcher-kva.example",
        "https://my_app.example:8443",
        "capacitor://localhost",
        "chrome-extension://abcdefghijklmnopabcdefghijklmnop",
    )
    monkeypatch.setenv("SEEDGATE_CORS_ORIGINS", " , ".join(origins) + ",")
    assert Settings(_env_file=None).cors_origins == origins


@pytest.mark.parametrize(
    "entry",
    [
        *("*", "null", "https://*.example.com", "https://app.example.com/", "https://app.example.com/path"),
        *("https://app.example.com?x", "https://app.example.com:443", "http://app.example.com:80"),
        *("https://app.example.com:0", "https://app.example.com:65536", "https://app.example.com:"),
        *("https://app.example.com.", "https://App.example.com", "HTTPS://app.example.com"),
        *("https://user:hunter2@app.example.com", "https://bücher.example", "https://a..b", "http://127.1"),
        *("http://[1.2.3.4]", "http://[::0001]", "app.example.com", "https://", "file://", "https://a b"),
    ],
)
def test_an_origin_that_would_admit_everybody_or_match_nothing_is_refused(
    monkeypatch: pytest.MonkeyPatch, entry: str
) -> None:
    monkeypatch.setenv("SEEDGATE_CORS_ORIGINS", f"https://ok.example,{entry}")
    with pytest.raises(ValidationError) as caught:
        Settings(_env_file=None)
    [problem] = problems(caught.value)
    assert problem.startswith("SEEDGATE_CORS_ORIGINS: entry 2 is ")
    assert "hunter2" not in problem

"""The database's address from its parts: host, port, user, password and name."""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.engine import make_url

from app.database_url import join_url, without_password
from app.observability.redaction import MASK, hide, redact
from app.settings import Settings
from tests.house.judging import Judge

PARTS = {
    "SEEDGATE_DATABASE_HOST": "db",
    "SEEDGATE_DATABASE_PORT": "6432",
    "SEEDGATE_DATABASE_USER": "u",
    "SEEDGATE_DATABASE_PASSWORD": "secret-value",
    "SEEDGATE_DATABASE_NAME": "n",
}
AWKWARD = "secret@value:/%#?&=+ [é]%41'\"\\"


def url(settings: Settings) -> str:
    assert settings.database_url is not None
    return settings.database_url.get_secret_value()


def test_the_host_alone_is_enough(judge: Judge) -> None:
    code, out, _ = judge(SEEDGATE_DATABASE_HOST="db")
    assert code == 0
    assert "Database: postgresql://seedgate_gateway@db:5432/seedgate (SEEDGATE_DATABASE_HOST)\n" in out


@pytest.mark.parametrize(
    ("host", "shown"),
    [
        ("my_postgres", "u:***@my_postgres:6432/n"),
        ("10.0.0.1", "u:***@10.0.0.1:6432/n"),
        ("fd00::1", "u:***@[fd00::1]:6432/n"),
        ("[fd00::1]", "u:***@[fd00::1]:6432/n"),
        ("/run/postgre sql", "u:***@/n?host=%2Frun%2Fpostgre%20sql&port=6432"),
    ],
)
def test_every_part_is_in_the_url_and_the_password_is_not_shown(judge: Judge, host: str, shown: str) -> None:
    code, out, err = judge(**PARTS | {"SEEDGATE_DATABASE_HOST": host, "SEEDGATE_DATABASE_PASSWORD": AWKWARD})
    assert (code, err) == (0, "")
    assert f"Database: postgresql://{shown} (SEEDGATE_DATABASE_HOST)\n" in out
    assert "secret" not in out


@given(user=st.text(min_size=1), password=st.text(min_size=1), name=st.text(min_size=1))
def test_any_character_may_stand_in_user_password_and_name(user: str, password: str, name: str) -> None:
    """SQLAlchemy reads the URL by itself here; what the driver makes of it, a server says in tests/flows."""
    for host in ("db", "::1", "/run/socket"):
        read = make_url(join_url(host=host, port=1, user=user, password=password, name=name))
        assert (read.username, read.password) == (user, password)
        assert (read.host or read.query["host"]) == host
        assert read.database is not None


@pytest.mark.parametrize(
    "host", ["db:5432", "postgresql://db", "u@db", "a,b", "db/x", "a b", "fe80::1%eth0", "bücher.example", "[db]"]
)
def test_a_host_that_is_none_is_refused(judge: Judge, host: str) -> None:
    code, _, err = judge(SEEDGATE_DATABASE_HOST=host)
    assert code == 2
    assert err.startswith("seedgate: SEEDGATE_DATABASE_HOST: it must be a host name")


@pytest.mark.parametrize("parts", [combination for n in (1, 2) for combination in combinations(PARTS, n)])
def test_a_url_and_parts_at_once_are_refused_by_all_their_names(judge: Judge, parts: tuple[str, ...]) -> None:
    given_parts = {name: PARTS[name] for name in parts}
    code, _, err = judge(SEEDGATE_DATABASE_URL="postgresql://u:secret-value@h/db", **given_parts)
    assert code == 2
    assert [name for name in (*parts, "SEEDGATE_DATABASE_URL") if name not in err] == []
    assert "secret-value" not in err


@pytest.mark.parametrize("name", [name for name in PARTS if name != "SEEDGATE_DATABASE_HOST"])
def test_a_part_without_a_host_is_refused(judge: Judge, name: str) -> None:
    code, _, err = judge(**{name: PARTS[name]})
    assert (code, err) == (2, f"seedgate: {name} is of no use without SEEDGATE_DATABASE_HOST\n")


def test_what_the_driver_refuses_names_the_part_that_was_set(judge: Judge) -> None:
    code, _, err = judge(SEEDGATE_DATABASE_HOST="db", PGSSLMODE="bogus")
    assert code == 2
    assert err.startswith("seedgate: SEEDGATE_DATABASE_HOST: ")
    assert "sslmode" in err


@pytest.mark.parametrize(
    "hidden",
    [
        "postgresql://u:secret@value@h/db",
        "postgresql://u@h/db?password=secret@value&sslmode=require",
        "postgresql://u@h/db?sslpassword=secret-value",
        "postgresql:///db?user=u&password=secret:value&host=/run",
    ],
)
def test_a_url_is_shown_without_any_password(hidden: str) -> None:
    assert "secret" not in without_password(hidden)
    assert "value" not in without_password(hidden)
    assert "***" in without_password(hidden)


def test_the_log_masks_the_password_as_it_is_and_as_the_url_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.observability.redaction._hidden", {})
    settings = Settings(_env_file=None, database_host="db", database_password="with,comma and @ sign")
    hide(settings.secret_texts())
    assert redact("it is with,comma and @ sign") == f"it is {MASK}"
    assert redact("a comma and a sign") == "a comma and a sign"
    assert "comma" not in redact(f"no {url(settings)}")

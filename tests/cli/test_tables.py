"""The commands print values completely and unchanged, except for control characters."""

import json

import pytest

from app.cli.checks import failed, passed
from app.cli.exit_codes import stop
from app.cli.tables import show_one, show_rows
from app.ids import new_id
from app.observability.escaping import escape
from app.tenants.api_key import make_key
from tests.observability.test_escaping import UNSAFE


@pytest.mark.parametrize("columns", ["40", "80", "500"])
def test_a_new_key_is_shown_whole_on_every_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, columns: str
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    row = {"id": new_id("key"), "name": "a laptop", "key": make_key().plaintext}
    show_one(row, ("id", "name", "key"), is_json=False)
    output = capsys.readouterr().out
    for value in row.values():
        assert value in output
    assert max(map(len, output.splitlines())) < 200


@pytest.mark.parametrize("name", ["[/nothing]", "[red]alert[/red]", ":smile:", "100% [x]", "小猫"])
def test_a_name_is_shown_as_it_is(capsys: pytest.CaptureFixture[str], name: str) -> None:
    show_rows([{"name": name}], ("name",), is_json=False)
    assert name in capsys.readouterr().out


# Two surrogates in a row would be one character of JSON.
NASTY = "".join(character for character in UNSAFE if not "\ud800" <= character <= "\udfff")


@pytest.mark.parametrize("is_json", [True, False])
def test_no_name_controls_the_terminal(capsys: pytest.CaptureFixture[str], *, is_json: bool) -> None:
    row = {"name": f"a{NASTY}b", "allowed_models": [NASTY], "metadata": {NASTY: NASTY}}
    show_rows([row], ("name", "allowed_models", "metadata"), is_json=is_json)
    output = capsys.readouterr().out
    assert escape(output, keep="\n") == output
    assert not is_json or json.loads(output) == [row]


def test_no_message_or_check_result_controls_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        stop(f"one\n{NASTY}")
    for result in (failed(f"channel {NASTY}", NASTY), passed(NASTY, NASTY)):
        assert escape(str(result)) == str(result)
    output = capsys.readouterr().err
    assert escape(output, keep="\n") == output
    assert output.startswith("seedgate: one\n")


def test_programs_get_json(capsys: pytest.CaptureFixture[str]) -> None:
    show_rows([{"name": "小猫", "limits": None}], ("name",), is_json=True)
    assert json.loads(capsys.readouterr().out) == [{"name": "小猫", "limits": None}]


def test_lists_and_absent_values_have_a_form_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    show_rows([{"allowed_models": ["a", "b"], "expires_at": None}], ("allowed_models", "expires_at"), is_json=False)
    output = capsys.readouterr().out
    assert "a, b" in output
    assert "–" in output

"""What the operator's commands print can be copied: whole, and as it is."""

import json

import pytest

from app.cli.admin_client import show
from app.ids import new_id
from app.tenants.api_key import make_key


@pytest.mark.parametrize("columns", ["40", "80", "500"])
def test_a_new_key_is_shown_whole_on_every_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, columns: str
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    row = {"id": new_id("key"), "name": "a laptop", "key": make_key().plaintext}
    show(row, ("id", "name", "key"), is_json=False)
    told = capsys.readouterr().out
    for value in row.values():
        assert value in told
    assert max(map(len, told.splitlines())) < 200


@pytest.mark.parametrize("name", ["[/nothing]", "[red]alert[/red]", ":smile:", "100% [x]", "小猫"])
def test_a_name_is_shown_as_it_is(capsys: pytest.CaptureFixture[str], name: str) -> None:
    show([{"name": name}], ("name",), is_json=False)
    assert name in capsys.readouterr().out


def test_programs_get_json(capsys: pytest.CaptureFixture[str]) -> None:
    show([{"name": "小猫", "limits": None}], ("name",), is_json=True)
    assert json.loads(capsys.readouterr().out) == [{"name": "小猫", "limits": None}]


def test_lists_and_absent_values_have_a_form_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    show([{"allowed_models": ["a", "b"], "expires_at": None}], ("allowed_models", "expires_at"), is_json=False)
    told = capsys.readouterr().out
    assert "a, b" in told
    assert "–" in told

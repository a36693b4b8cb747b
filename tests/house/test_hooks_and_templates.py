"""Hooks run the project's own tools only, and the forms of issues have what GitHub requires of them."""

from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]


def test_no_hook_is_fetched_from_elsewhere() -> None:
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())
    assert [repository["repo"] for repository in config["repos"]] == ["local"]
    programs = {hook["entry"].split()[0] for hook in config["repos"][0]["hooks"]}
    assert all(program.startswith((".venv/bin/", "./seedgate")) for program in programs)


def test_the_forms_of_issues_are_complete() -> None:
    forms = [path for path in (ROOT / ".github/ISSUE_TEMPLATE").glob("*.yml") if path.name != "config.yml"]
    assert len(forms) == 2
    for form in map(yaml.safe_load, (path.read_text() for path in forms)):
        assert form["name"]
        assert form["description"]
        ids = [part["id"] for part in form["body"] if part["type"] != "markdown"]
        assert len(ids) == len(set(ids))
        assert all(part["attributes"].get("label") or part["type"] == "markdown" for part in form["body"])

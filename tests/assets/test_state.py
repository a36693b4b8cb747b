"""The pure rules by which the upstream's answers change the rows."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.assets.models import AssetGroupRow, AssetRow
from app.assets.state import (
    apply_not_found,
    apply_upstream_asset,
    apply_upstream_group,
    next_poll_after,
    parse_time,
)

BORN = datetime(2026, 5, 20, 2, 53, 44, tzinfo=UTC)


def _at(seconds: float) -> datetime:
    return BORN + timedelta(seconds=seconds)


def _asset(**changes: Any) -> AssetRow:
    members = {
        "id": "asset-1",
        "channel_id": "ch_1",
        "name": "before",
        "status": "Processing",
        "extra": {},
        "created_at": BORN,
        "updated_at": BORN,
        "next_poll_at": _at(3),
        **changes,
    }
    return AssetRow(**members)


def _group(**changes: Any) -> AssetGroupRow:
    members = {"id": "group-1", "channel_id": "ch_1", "name": "before", "description": "", "extra": {}, **changes}
    return AssetGroupRow(created_at=BORN, updated_at=BORN, **members)


def test_what_the_database_cannot_hold_is_dropped() -> None:
    row = _asset()
    item = {"Status": "Active", "Name": "a\0b", "Moderation": {"a\0b": "c\0d"}}
    apply_upstream_asset(row, item, asked_at=_at(1), now=_at(2))
    assert (row.name, row.extra) == ("ab", {"Moderation": {"ab": "cd"}})
    apply_upstream_asset(row, {"Name": "画" * 5000}, asked_at=_at(3), now=_at(4))
    assert row.name == "画" * 128, "an index holds it"


def test_an_answer_updates_name_status_times_and_additions() -> None:
    row = _asset()
    item = {
        "Name": "after",
        "Status": "Active",
        "CreateTime": "2026-05-20T02:53:40Z",
        "UpdateTime": "2026-05-20T10:54:10.5+08:00",
        "Moderation": {"Strategy": "Skip"},
        "LastInferenceTime": "2026-05-21T00:00:00Z",
        "URL": "https://signed.example.com/",
    }
    apply_upstream_asset(row, item, asked_at=_at(10), now=_at(11))
    assert (row.name, row.status, row.next_poll_at, row.polled_at) == ("after", "Active", None, _at(11))
    assert row.created_at == datetime(2026, 5, 20, 2, 53, 40, tzinfo=UTC)
    assert row.updated_at == datetime(2026, 5, 20, 2, 54, 10, 500_000, tzinfo=UTC)
    assert row.extra == {"Moderation": {"Strategy": "Skip"}, "LastInferenceTime": "2026-05-21T00:00:00Z"}
    assert row.url is None, "the submitted URL is never replaced by a signed one"


def test_a_failure_sets_its_error() -> None:
    row = _asset()
    item = {"Status": "Failed", "Error": {"Code": "DownloadFailed", "Message": "no\0pe", "More": 1}}
    apply_upstream_asset(row, item, asked_at=_at(10), now=_at(11))
    assert (row.status, row.error) == ("Failed", {"Code": "DownloadFailed", "Message": "nope"})


def test_a_stale_answer_changes_nothing() -> None:
    row = _asset(polled_at=_at(20), name="updated by the client")
    apply_upstream_asset(row, {"Name": "before", "Status": "Active"}, asked_at=_at(19), now=_at(21))
    apply_not_found(row, asked_at=_at(19), now=_at(500))
    assert (row.name, row.status, row.missing_since, row.polled_at) == (
        "updated by the client",
        "Processing",
        None,
        _at(20),
    )


@pytest.mark.parametrize("status", ["Processing", "Archived", None, 5])
def test_a_final_status_never_goes_back_and_an_unknown_one_is_ignored(status: object) -> None:
    row = _asset(status="Active")
    apply_upstream_asset(row, {"Status": status}, asked_at=_at(10), now=_at(11))
    assert (row.status, row.next_poll_at) == ("Active", None)


def test_a_strange_answer_leaves_the_rest_as_it_was() -> None:
    row = _asset()
    strange = {"Name": 5, "Status": "Processing", "CreateTime": "yesterday", "UpdateTime": 7, "Moderation": "x"}
    apply_upstream_asset(row, strange, asked_at=_at(10), now=_at(11))
    assert (row.name, row.created_at, row.updated_at, row.extra) == ("before", BORN, BORN, {})
    assert row.next_poll_at == _at(14)


def test_polls_come_after_a_quarter_of_the_age_from_three_to_sixty_seconds() -> None:
    assert next_poll_after(BORN, _at(1)) == _at(1 + 3)
    assert next_poll_after(BORN, _at(40)) == _at(40 + 10)
    assert next_poll_after(BORN, _at(3600)) == _at(3600 + 60)


@pytest.mark.parametrize("make", [_asset, _group])
def test_one_not_found_is_noted_and_only_a_second_one_a_minute_later_proves_absence(make: Any) -> None:
    row = make()
    apply_not_found(row, asked_at=_at(100), now=_at(101))
    assert (row.missing_since, row.deleted_at, row.next_poll_at) == (_at(101), None, _at(161))
    apply_not_found(row, asked_at=_at(160), now=_at(162))
    assert (row.missing_since, row.deleted_at, row.next_poll_at) == (_at(101), None, _at(161))
    apply_not_found(row, asked_at=_at(161), now=_at(163))
    assert (row.deleted_at, row.next_poll_at) == (_at(163), None)


def test_not_found_in_the_first_minute_means_nothing() -> None:
    row = _asset()
    apply_not_found(row, asked_at=_at(59), now=_at(59))
    assert (row.missing_since, row.deleted_at) == (None, None)
    assert row.next_poll_at == _at(59 + 14.75)


def test_being_found_in_between_starts_the_count_anew() -> None:
    row = _group()
    apply_not_found(row, asked_at=_at(100), now=_at(100))
    apply_upstream_group(row, {"Name": "after", "Title": "T"}, asked_at=_at(130), now=_at(130))
    assert (row.missing_since, row.next_poll_at, row.name, row.extra) == (None, None, "after", {"Title": "T"})
    apply_not_found(row, asked_at=_at(200), now=_at(200))
    assert (row.missing_since, row.deleted_at) == (_at(200), None)


def test_times_without_a_zone_or_of_another_type_are_none() -> None:
    assert parse_time("2026-05-20T02:53:44Z") == BORN
    assert parse_time("2026-05-20T02:53:44") is None
    assert parse_time(1747709624) is None


@pytest.mark.parametrize("value", ["0001-01-01T00:00:00+08:00", "9999-12-31T23:59:59-08:00"])
def test_a_time_that_utc_does_not_have_is_none(value: str) -> None:
    assert parse_time(value) is None

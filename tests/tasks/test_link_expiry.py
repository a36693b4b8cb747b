"""Until when links work: what a signed link says, and what counts when it says nothing usable."""

from datetime import UTC, datetime

import pytest

from app.tasks.link_expiry import LIFETIME_SECONDS, content_expires_at, link_expires_at
from app.urls import MAX_WEB_URL_LENGTH

SIGNED = "20261128T101500Z"
SIGNED_AT = int(datetime(2026, 11, 28, 10, 15, tzinfo=UTC).timestamp())
ENDED_AT = 1_790_000_000
TOS = f"https://media.example/v.mp4?X-Tos-Algorithm=TOS4-HMAC-SHA256&X-Tos-Date={SIGNED}&X-Tos-Expires=86400"


def signed(query: str) -> str:
    return f"https://media.example/v.mp4?{query}"


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        (TOS, SIGNED_AT + 86_400),
        (TOS + "&X-Tos-Signature=ab%2Bc%3D#X-Tos-Expires=5", SIGNED_AT + 86_400),
        (signed(f"X-Amz-Expires=43200&X-Amz-Date={SIGNED}"), SIGNED_AT + 43_200),
        (signed(f"x-tos-date={SIGNED}&X-TOS-EXPIRES=60"), SIGNED_AT + 60),
        (signed(f"X%2DTos%2DDate={SIGNED.replace('T', '%54')}&X-Tos-Expires=%36%30"), SIGNED_AT + 60),
        (signed(f"X-Tos-Date={SIGNED}&X-Tos-Expires=60&X-Tos-Expires=60"), SIGNED_AT + 60),
        (signed("AWSAccessKeyId=AK&Expires=1795946400&Signature=x"), 1_795_946_400),
        (signed(f"Expires=1795946400&X-Tos-Date={SIGNED}&X-Tos-Expires=60"), SIGNED_AT + 60),
        (signed(f"Expires=1000000000&X-Tos-Date={SIGNED}&X-Tos-Expires=60"), 1_000_000_000),
        (signed("X-Tos-Date=20010909T014540Z&X-Tos-Expires=60"), 10**9),
        (signed("X-Tos-Date=22861120T174539Z&X-Tos-Expires=60"), 10**10 - 1),
        (signed(f"X-Tos-Date={SIGNED}&X-Tos-Expires=60{'&x' * 62}"), SIGNED_AT + 60),
        (signed(f"X-Tos-Date={''.join(f'%{byte:02x}' for byte in SIGNED.encode())}&X-Tos-Expires=60"), SIGNED_AT + 60),
        (TOS + "&x=" + "a" * (MAX_WEB_URL_LENGTH - len(TOS) - 3), SIGNED_AT + 86_400),
        (signed(f"Expires=soon&X-Tos-Date={SIGNED}&X-Tos-Expires=60"), SIGNED_AT + 60),
    ],
    ids=[
        "tos",
        "fragment",
        "s3",
        "case",
        "encoded",
        "repeated",
        "older",
        "both",
        "both, the other first",
        "the first moment",
        "the last moment",
        "the most parameters",
        "all encoded",
        "the longest",
        "one usable",
    ],
)
def test_a_signed_link_says_until_when_it_works(link: str, expected: int) -> None:
    assert link_expires_at(link) == expected


@pytest.mark.parametrize(
    "query",
    [
        "",
        "signature=abc",
        f"X-Tos-Date={SIGNED}",
        "X-Tos-Expires=60",
        f"X-Tos-Date={SIGNED}&X-Amz-Expires=60",
        f"X-Tos-Date={SIGNED}&X-Tos-Expires=60&X-Tos-Expires=61",
        f"X-Tos-Date={SIGNED}&X-Tos-Date=20261129T101500Z&X-Tos-Expires=60",
        *(
            f"X-Tos-Date={SIGNED}&X-Tos-Expires={lifetime}"
            for lifetime in ("", "0", "-60", "+60", "6e3", "60.0", " 60", "10000000", "9" * 5000, "%D9%A6", "6_0")
        ),
        *(
            f"X-Tos-Date={date}&X-Tos-Expires=60"
            for date in ("", "0", "2026-11-28T10:15:00Z", "20261328T101500Z", "20261128T251500Z", "00000000T000000Z")
        ),
        "X-Tos-Date=00010101T000000Z&X-Tos-Expires=60",
        "X-Tos-Date=19700101T000000Z&X-Tos-Expires=60",
        "X-Tos-Date=19700101T000001Z&X-Tos-Expires=1",
        "X-Tos-Date=20010909T014639Z&X-Tos-Expires=0060",
        "X-Tos-Date=20010909T014538Z&X-Tos-Expires=60",
        "X-Tos-Date=22861120T174620Z&X-Tos-Expires=60",
        "X-Tos-Date=99991231T235959Z&X-Tos-Expires=9999999",
        f"X-Tos-Date={SIGNED}&X-Tos-Expires=60{'&x' * 63}",
        f"X-Tos-Date={SIGNED}&X-Tos-Expires=60&x={'a' * MAX_WEB_URL_LENGTH}",
        f"url=https%3A%2F%2Fx.example%2F%3FX-Tos-Date%3D{SIGNED}%26X-Tos-Expires%3D60",
        f"NotX-Tos-Date={SIGNED}&NotX-Tos-Expires=60",
        *(f"Expires={moment}" for moment in ("0", "-1795946400", "3600", "1795946400000", "1795946400.5", "9" * 5000)),
        "Expires=1795946400&expires=1795946401",
        "%",
        "%ff=%ff&&=&==",
    ],
)
def test_what_is_out_of_bounds_or_contradicts_itself_says_nothing(query: str) -> None:
    assert link_expires_at(signed(query)) is None


def test_of_several_links_the_one_that_ends_first_counts_and_one_that_says_nothing_ends_a_day_after_the_task() -> None:
    silent = "HTTPS://media.example/frame.png"
    early, late = signed(f"Expires={ENDED_AT + 60}"), signed(f"Expires={ENDED_AT + LIFETIME_SECONDS + 60}")
    assert content_expires_at({"video_url": late, "last_frame_url": early}, ENDED_AT) == ENDED_AT + 60
    assert content_expires_at({"video_url": late}, ENDED_AT) == ENDED_AT + LIFETIME_SECONDS + 60
    assert content_expires_at({"video_url": late, "file_url": silent}, ENDED_AT) == ENDED_AT + LIFETIME_SECONDS


@pytest.mark.parametrize("content", [{}, {"video_url": None}, {"video_url": 5}, {"text": "words"}, {"video_url": {}}])
def test_a_content_without_a_link_has_no_end(content: dict[str, object]) -> None:
    assert content_expires_at(content, ENDED_AT) is None

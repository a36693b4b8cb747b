"""How an SDK marks a request as a retry."""

import pytest

from app.creates.sdk_retry_headers import is_marked_as_retry


@pytest.mark.parametrize(
    "headers",
    [
        {"x-stainless-retry-count": "1"},
        {"x-stainless-retry-count": " 2 "},
        {"x-sdk-request": "attempt=2; max=4"},
        {"x-sdk-request": "max=4; attempt=12"},
        {"x-stainless-retry-count": "0", "x-sdk-request": "attempt=3;max=4"},
    ],
)
def test_a_retry_is_recognised(headers: dict[str, str]) -> None:
    assert is_marked_as_retry(headers)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-stainless-retry-count": "0"},
        {"x-stainless-retry-count": "-1"},
        {"x-stainless-retry-count": "²"},
        {"x-stainless-retry-count": "9" * 5000},
        {"x-sdk-request": "attempt=1; max=4"},
        {"x-sdk-request": "reattempt=2; max=4"},
        {"x-sdk-request": "attempt=2x"},
        {"x-sdk-request": "attempt="},
        {"retry-count": "1"},
    ],
)
def test_any_other_request_is_a_first_try(headers: dict[str, str]) -> None:
    assert not is_marked_as_retry(headers)

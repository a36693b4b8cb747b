"""Sealed secrets open only for the row, column and origin that they were sealed for."""

import base64

import pytest

from app.core.sealing import SealError, SecretBox, generate_key


def test_a_sealed_value_opens_for_its_own_row_and_column_only() -> None:
    box = SecretBox.from_text(generate_key())
    sealed = box.seal("secret", row="ch_1", column="ark_api_key")
    assert "secret" not in sealed
    assert box.open(sealed, row="ch_1", column="ark_api_key") == "secret"
    for row, column in (("ch_2", "ark_api_key"), ("ch_1", "session_token"), ("ch_", "1ark_api_key")):
        with pytest.raises(SealError):
            box.open(sealed, row=row, column=column)


def test_an_old_key_still_opens_after_rotation_and_the_new_one_seals() -> None:
    old, new = generate_key(), generate_key()
    sealed = SecretBox.from_text(old).seal("secret", row="r", column="c")
    rotated = SecretBox.from_text(f"{new},{old}")
    assert rotated.open(sealed, row="r", column="c") == "secret"
    assert rotated.seal("x", row="r", column="c").split(":")[1] == rotated.sealing_key_id
    with pytest.raises(SealError, match="no key with id"):
        SecretBox.from_text(new).open(sealed, row="r", column="c")


def test_an_altered_value_does_not_open() -> None:
    box = SecretBox.from_text(generate_key())
    version, key_id, data = box.seal("secret", row="r", column="c").split(":")
    raw = bytearray(base64.b64decode(data))
    raw[-1] ^= 1
    with pytest.raises(SealError):
        box.open(f"{version}:{key_id}:{base64.b64encode(raw).decode()}", row="r", column="c")


@pytest.mark.parametrize(
    "text", ["", "short", base64.b64encode(b"x" * 31).decode(), base64.b64encode(b"x" * 32).decode() + ",nonsense!"]
)
def test_a_malformed_key_is_refused(text: str) -> None:
    with pytest.raises(SealError):
        SecretBox.from_text(text)

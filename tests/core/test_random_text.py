"""Random texts: of the right length and alphabet, each character as likely as the others."""

from collections import Counter

import pytest

from app.ids import BASE62, random_text


@pytest.mark.parametrize("alphabet", ["01", "0123456789", BASE62[:36], BASE62])
def test_a_random_text_uses_each_character_of_its_alphabet_alike(alphabet: str) -> None:
    text = random_text(4000 * len(alphabet), alphabet)
    counts = Counter(text)
    assert set(counts) == set(alphabet)
    # Nine standard deviations; a byte taken modulo 62 would make eight characters a quarter likelier.
    assert all(abs(count - 4000) < 9 * 64 for count in counts.values())


def test_random_texts_differ_and_have_their_length() -> None:
    texts = {random_text(length) for length in (1, 5, 20, 43) for _ in range(3)}
    assert {len(text) for text in texts} == {1, 5, 20, 43}
    assert len({random_text(20) for _ in range(1000)}) == 1000

"""docs/sdks.md shows the samples exactly as they are, and all of them."""

from tests.sdk.page import shown, with_samples
from tests.sdk.samples import SAMPLES
from tests.sdk.table import PAGE, ROOT


def test_the_samples_readers_install_what_the_matrix_has_tried() -> None:
    wanted = (ROOT / "examples/python/requirements.txt").read_text(encoding="utf-8").splitlines()
    locked = (ROOT / "tests/sdk/probes/python/requirements.lock").read_text(encoding="utf-8")
    assert all(f"\n{line} \\\n" in locked for line in wanted if "==" in line)


def test_the_page_shows_every_sample_as_it_stands_in_its_file() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page == with_samples(page), "run: python -m tests.sdk.page"
    assert sorted(shown(page)) == sorted(sample.file for samples in SAMPLES.values() for sample in samples)

"""docs/sdks.md shows the samples exactly as they are, and all of them."""

import re
import sys

import pytest

from tests.sdk.page import shown, with_samples
from tests.sdk.samples import SAMPLES, Sample
from tests.sdk.table import PAGE
from tests.support.toolchains import ROOT


def test_the_samples_readers_install_what_the_matrix_has_tried() -> None:
    wanted = (ROOT / "examples/python/requirements.txt").read_text(encoding="utf-8").splitlines()
    locked = (ROOT / "tests/sdk/probes/python/requirements.lock").read_text(encoding="utf-8")
    assert all(f"\n{line} \\\n" in locked for line in wanted if "==" in line)


@pytest.mark.parametrize("sample", SAMPLES["python"], ids=lambda sample: sample.file)
def test_the_first_line_of_a_sample_says_all_that_is_to_be_installed_for_it(sample: Sample) -> None:
    """OpenAI's client alone does not bring requests, for one."""
    told, *lines = (ROOT / sample.file).read_text(encoding="utf-8").splitlines()
    found = re.findall(r"^(?:import|from) (\w+)", "\n".join(lines), re.MULTILINE)
    for module in set(found) - sys.stdlib_module_names:
        package = "volcengine-ark-runtime" if module.startswith("volcenginesdk") else module
        assert package in told.partition("pip install ")[2], module


def test_the_page_shows_every_sample_as_it_stands_in_its_file() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page == with_samples(page), "run: python -m tests.sdk.page"
    assert sorted(shown(page)) == sorted(sample.file for samples in SAMPLES.values() for sample in samples)

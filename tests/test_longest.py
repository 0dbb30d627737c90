"""The files that are begun first are there."""

from pathlib import Path

from tests.conftest import LONGEST


def test_the_files_that_are_begun_first_are_there() -> None:
    assert [name for name in LONGEST if not (Path(__file__).parent / name).exists()] == []
    assert len(set(LONGEST)) == len(LONGEST)

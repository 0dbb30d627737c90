"""The parser in C beside PyYAML's own, on every YAML file of the repository."""

from pathlib import Path

import pytest
import yaml

from geometry.quick_yaml import load_yaml

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("geometry", "simulation", "twin", "api")
FILES = [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.yaml"))]


def test_it_reads_what_the_slow_one_reads() -> None:
    assert len(FILES) > 3
    for path in FILES:
        text = path.read_text("utf-8")
        assert load_yaml(text) == yaml.safe_load(text), path


@pytest.mark.parametrize("text", ["a: [1, 2", "a: b: c", "!!python/object:os.system {}"])
def test_it_refuses_what_the_slow_one_refuses(text: str) -> None:
    with pytest.raises(yaml.YAMLError):
        load_yaml(text)

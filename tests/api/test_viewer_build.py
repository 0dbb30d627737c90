"""When the viewer has to be built anew; without Node, which the decision does not need."""

import gzip
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from scripts.viewer import (
    STAMP,
    built_files,
    compress,
    find_node,
    is_current,
    licences,
    sources_of,
    stamp_of,
    without_words,
)

ROOT = Path(__file__).parents[2]


@pytest.fixture
def tree(tmp_path: Path) -> tuple[Path, Path]:
    """Sources, and what was built from them."""
    viewer, static = tmp_path / "viewer", tmp_path / "static"
    for folder in (viewer / "src", viewer / "tests", viewer / "node_modules" / "three", static / "assets"):
        folder.mkdir(parents=True)
    (viewer / "package-lock.json").write_text("{}")
    (viewer / "src" / "main.tsx").write_text("go()")
    (static / "index.html").write_text("<!doctype html>")
    (static / "assets" / "index-1.js").write_text("go();" * 1000)
    compress(static)
    (static / STAMP).write_text(stamp_of(sources_of(viewer), static))
    return viewer, static


def test_what_was_built_from_these_sources_is_current(tree: tuple[Path, Path]) -> None:
    assert is_current(*tree)


CHANGES: dict[str, Callable[[Path, Path], object]] = {
    "a source changed": lambda viewer, _: (viewer / "src" / "main.tsx").write_text("go(1)"),
    "a source came": lambda viewer, _: (viewer / "src" / "other.ts").write_text(""),
    "a source went": lambda viewer, _: (viewer / "src" / "main.tsx").unlink(),
    "a source has another name": lambda viewer, _: (viewer / "src" / "main.tsx").rename(viewer / "src" / "start.tsx"),
    "other packages": lambda viewer, _: (viewer / "package-lock.json").write_text('{"packages": {}}'),
    "a new setting of the build": lambda viewer, _: (viewer / "vite.config.ts").write_text("export default {}"),
    "a built file went": lambda _, static: (static / "assets" / "index-1.js").unlink(),
    "a built file is cut off": lambda _, static: (static / "index.html").write_text("<!doc"),
    "a compressed file is of another": lambda _, static: (static / "assets" / "index-1.js.gz").write_bytes(b"old"),
    "a file that nobody built": lambda _, static: (static / "old.js").write_text(""),
    "no stamp": lambda _, static: (static / STAMP).unlink(),
    "a broken stamp": lambda _, static: (static / STAMP).write_text(""),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_what_differs_from_its_sources_is_built_anew(
    tree: tuple[Path, Path], change: Callable[[Path, Path], object]
) -> None:
    change(*tree)
    assert not is_current(*tree)


def test_what_is_not_built_from_counts_for_nothing(tree: tuple[Path, Path]) -> None:
    viewer, static = tree
    (viewer / "node_modules" / "three" / "index.js").write_text("")
    (viewer / "tests" / "core.test.ts").write_text("")
    (viewer / ".npmrc").write_text("")
    (viewer / "dist").mkdir()
    (viewer / "dist" / "index.html").write_text("")
    assert is_current(viewer, static)


def test_nothing_is_current_before_the_first_build(tmp_path: Path) -> None:
    (tmp_path / "viewer").mkdir()
    assert not is_current(tmp_path / "viewer", tmp_path / "static")


def test_compressed_copies_are_the_same_files_and_only_where_that_helps(tree: tuple[Path, Path]) -> None:
    _, static = tree
    assert {path.name for path in built_files(static)} == {"index.html", "index-1.js", "index-1.js.gz"}
    assert gzip.decompress((static / "assets" / "index-1.js.gz").read_bytes()) == b"go();" * 1000


def test_the_licences_of_what_browsers_get_go_with_it(tmp_path: Path) -> None:
    lock = {
        "": {"name": "viewer"},
        "node_modules/three": {"version": "1.2.3", "license": "MIT"},
        "node_modules/three/node_modules/inner": {"version": "0.1.0", "license": "ISC"},
        "node_modules/vite": {"version": "8.0.0", "license": "MIT", "dev": True},
        "node_modules/not-for-this-machine": {"version": "1.0.0", "optional": True},
    }
    (tmp_path / "package-lock.json").write_text(json.dumps({"packages": lock}))
    for name in ("three", "three/node_modules/inner", "vite"):
        (tmp_path / "node_modules" / name).mkdir(parents=True)
        (tmp_path / "node_modules" / name / "LICENSE.md").write_text(f"Copyright of {name}\n")
    text = licences(tmp_path)
    for said in (
        "three 1.2.3 (MIT)",
        "Copyright of three\n",
        "inner 0.1.0 (ISC)",
        "Copyright of three/node_modules/inner",
    ):
        assert said in text
    assert "vite" not in text
    assert "not-for-this-machine" not in text


def test_an_old_node_is_not_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, answer in (("node", "v20.20.2"), ("npm", "11.0.0")):
        (tmp_path / name).write_text(f"#!/bin/sh\necho {answer}\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    found = find_node()
    assert found is None or found.folder != tmp_path
    (tmp_path / "node").write_text("#!/bin/sh\necho v22.12.0\n")
    found = find_node()
    assert found is not None
    assert (found.folder, found.npm) == (tmp_path, (str(tmp_path / "npm"),))


def test_types_do_not_depend_on_words() -> None:
    schema = {
        "title": "Ncr", "description": "A record", "type": "object", "examples": [{"title": "x"}],
        "properties": {"title": {"type": "string", "title": "Title"}, "description": {"type": "string"}},
    }  # fmt: skip
    assert without_words(schema) == {
        "type": "object", "properties": {"title": {"type": "string"}, "description": {"type": "string"}},
    }  # fmt: skip


def test_the_viewers_lock_names_no_host_hashes_every_file_and_holds_every_platform() -> None:
    text = (ROOT / "viewer" / "package-lock.json").read_text(encoding="utf-8")
    assert '"resolved"' not in text
    packages = {name: one for name, one in json.loads(text)["packages"].items() if name}
    assert packages
    assert all(one["integrity"].startswith("sha512-") for one in packages.values())
    optional = {name for one in packages.values() for name in one.get("optionalDependencies", {})}
    assert {f"node_modules/{name}" for name in optional} <= packages.keys(), "npm ci refuses a lock without them"
    hosts = set(re.findall(r"https?://([^/\"]+)", text))
    assert not any("registry" in host or "npm" in host for host in hosts)

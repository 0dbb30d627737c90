"""What a fresh machine relies on: the locks match the project, name no host, and the licence is there."""

import re
import tomllib
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LOCKS = ("requirements.lock", "requirements-dev.lock")


def normal(requirement: str) -> str:
    """Return the normalised name in a requirement."""
    match = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert match
    return re.sub(r"[-_.]+", "-", match.group()).lower()


def locked(lock: str) -> set[str]:
    return {normal(line) for line in (ROOT / lock).read_text(encoding="utf-8").splitlines() if "==" in line}


def test_run_lock_holds_every_dependency() -> None:
    groups = PROJECT["dependency-groups"]
    wanted = {normal(r) for r in (*PROJECT["project"]["dependencies"], *groups["build"])}
    assert wanted <= locked("requirements.lock"), "run make lock"


def test_dev_lock_holds_every_tool_and_all_of_the_other() -> None:
    wanted = {normal(r) for r in PROJECT["dependency-groups"]["dev"]}
    assert wanted | locked("requirements.lock") <= locked("requirements-dev.lock"), "run make lock"


@pytest.mark.parametrize("lock", LOCKS)
def test_locks_name_no_host_and_hash_every_file(lock: str) -> None:
    text = (ROOT / lock).read_text(encoding="utf-8")
    assert not re.search(r"://|--(extra-)?index|--find-links| @ ", text)
    packages = re.split(r"^(?=\S)", text, flags=re.MULTILINE)[1:]
    assert packages
    assert all("--hash=sha256:" in package for package in packages)


@pytest.mark.parametrize("lock", LOCKS)
def test_both_locks_have_the_same_versions(lock: str) -> None:
    def pins(name: str) -> set[str]:
        return set(re.findall(r"^(\S+==[^\s;]+)", (ROOT / name).read_text(encoding="utf-8"), re.MULTILINE))

    assert pins("requirements.lock") <= pins("requirements-dev.lock")


def test_installed_version_is_the_projects() -> None:
    assert version("qtems") == PROJECT["project"]["version"]


def test_licence_is_apache() -> None:
    assert "Apache License" in (ROOT / "LICENSE").read_text(encoding="utf-8")[:200]
    assert PROJECT["project"]["license"] == "Apache-2.0"


def test_nothing_copyleft_is_a_dependency() -> None:
    assert not {"bcf-client", "pymeshlab", "ifcclash"} & locked("requirements.lock")

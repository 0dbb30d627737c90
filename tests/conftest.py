"""One setting for all property tests, the same examples in every run; and the longest files first."""

import gc
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("qtems", deadline=None, derandomize=True, database=None)
settings.load_profile("qtems")

LONGEST = (
    "api/test_bad_input.py", "api/web/test_schema_fuzz.py", "api/web/test_permissions.py", "viewer/test_offline.py",
    "viewer/test_access.py", "api/test_check_command.py", "viewer/test_review.py", "twin/test_check.py",
    "api/test_invariance.py", "viewer/test_judge.py", "viewer/test_compare.py", "twin/store/test_backup.py",
    "api/web/test_checks_whole.py", "geometry/registration/test_register.py", "twin/jobs/test_killed_worker.py",
    "samples/test_building.py", "viewer/test_inspection.py", "twin/test_checks.py", "viewer/test_see.py",
    "viewer/test_resilience.py", "samples/test_case.py", "api/web/test_serve.py", "geometry/test_as_built.py",
    "viewer/test_views.py", "viewer/test_folder.py", "viewer/test_hand.py",
)  # fmt: skip
"""Files that are begun first: processes share the files, and none is to wait for another with a long one at the end.

The first compiles what all checks need, while the second and the third need none of it.
"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    rank = {here / name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: rank.get(item.path, len(rank)))


def pytest_collection_finish(session: pytest.Session) -> None:
    """Let the collector of garbage pass over what was collected: it stays to the end, and is a million objects."""
    gc.collect()
    gc.freeze()

"""One setting for all property tests: the same examples in every run, and no clock that fails on a busy machine."""

from hypothesis import settings

settings.register_profile("qtems", deadline=None, derandomize=True, database=None)
settings.load_profile("qtems")

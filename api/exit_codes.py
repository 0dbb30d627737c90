"""Exit statuses of the command line; other programs rely on them."""

from enum import IntEnum


class ExitCode(IntEnum):
    """What a finished ``qtems`` says to the program that started it."""

    CONFORMS = 0
    """Checked, nothing failed."""
    FAILED = 1
    """Checked, something failed or is missing."""
    UNUSABLE = 2
    """Bad usage, or an input that cannot be read."""
    REFUSED = 3
    """The scan could not be registered to the model without guessing."""
    INTERRUPTED = 130
    """Stopped by Ctrl-C (128 + SIGINT)."""
    TERMINATED = 143
    """Stopped by SIGTERM (128 + SIGTERM), or by SIGHUP: its terminal was closed."""

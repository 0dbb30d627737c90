"""Numbers and lengths as they are typed on the command line."""

import argparse

from api.lengths import parse_length
from geometry.errors import GeometryError


def worker_count(text: str) -> int:
    """Return a number of processes."""
    return whole_number(text, 1, 1024)


def length(text: str) -> float:
    """Return a length, metres."""
    if text.strip().startswith("-"):
        raise argparse.ArgumentTypeError(f"{text!r} is negative; write a length without a sign, such as 5mm")
    try:
        return parse_length(text)
    except GeometryError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def seed_number(text: str) -> int:
    """Return where random numbers start."""
    return whole_number(text, 0, 2**63 - 1)


def whole_number(text: str, low: int, high: int) -> int:
    """Return a whole number between two ends."""
    try:
        number = int(text)
    except ValueError:
        number = low - 1
    if not low <= number <= high:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from {low} to {high}")
    return number


def number_above(text: str, low: float, high: float = 1e15) -> float:
    """Return a number between two ends that are none of it."""
    try:
        number = float(text)
    except ValueError:
        number = low
    if not low < number < high:
        raise argparse.ArgumentTypeError(f"{text!r} is no number between {low:g} and {high:g}")
    return number

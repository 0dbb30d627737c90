"""The kind of parser that every command adds its arguments to."""

import argparse
import re
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction["OneLineParser"]  # pyright: ignore[reportPrivateUsage]


class OneLineParser(argparse.ArgumentParser):
    """A parser that answers a mistake with one line: what it was, what may have been meant, where to read more."""

    def __init__(self, *args: Any, **more: Any) -> None:
        """Take -5mm for a value, wrong for a reason of its own: argparse knows that of -5 and -.5 alone."""
        super().__init__(*args, **more)
        self._negative_number_matcher = re.compile(r"-\s*\.?\d")

    def error(self, message: str) -> NoReturn:
        """End with exit status 2."""
        close: list[str] = []
        if option := re.search(r"unrecognized arguments:.*?(--[a-z-]+)", message):
            close = get_close_matches(option[1], _options(self) - {option[1]}, n=1, cutoff=0.7)
        elif choice := re.search(r"invalid choice: '([^']*)' \(choose from (.*)\)", message):
            close = get_close_matches(choice[1], re.findall(r"[\w-]+", choice[2]), n=1)
        meant = f"; did you mean {close[0]}?" if close else ""
        self.exit(2, f"{self.prog}: {message}{meant} (see {self.prog} --help)\n")


def _options(parser: argparse.ArgumentParser) -> set[str]:
    """Return the long options of a parser and of its commands."""
    found: set[str] = set()
    for action in parser._actions:  # pyright: ignore[reportPrivateUsage]
        found.update(word for word in action.option_strings if word.startswith("--"))
        if isinstance(action, argparse._SubParsersAction):  # pyright: ignore[reportPrivateUsage]
            for command in action.choices.values():
                found |= _options(command)
    return found

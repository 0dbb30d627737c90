"""What has to be there before what: rules that people write, and how many orders they leave.

``a < b`` puts a before b; ``a < max(b, c)`` before the later of the two, that is before at least one of them;
``min(a, b) < c`` asks for at least one of a and b; ``a < b < c`` is two rules.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from simulation.errors import BadDocument

_MOST_STATES, _MOST_COUNTED = 2_000_000, 16
_GROUP = re.compile(r"^(max|min)\((.*)\)$", re.DOTALL)
_LAST_GROUP = re.compile(r"(?:^|<)\s*(?:max|min)\([^<]*$")
"""The last side of a rule, where it is a group, closed or not."""


@dataclass(frozen=True, slots=True)
class Event:
    """When the last, or the first, of some items is placed."""

    items: frozenset[int]
    last: bool

    def has_happened(self, placed: int) -> bool:
        """Return whether it has, once the items in the mask ``placed`` are."""
        there = [placed >> item & 1 for item in self.items]
        return all(there) if self.last else any(there)


@dataclass(frozen=True, slots=True)
class Before:
    """One event has to come before another."""

    earlier: Event
    later: Event
    text: str

    def allows(self, item: int, placed: int) -> bool:
        """Return whether an item may be placed where those in the mask ``placed`` are."""
        early, late = (event.has_happened(placed) for event in (self.earlier, self.later))
        with_it = placed | 1 << item
        if late:
            return early or not self.earlier.has_happened(with_it)
        return early or not self.later.has_happened(with_it)


def read_rules(texts: Sequence[str], names: Mapping[str, int], place: str = "before") -> tuple[Before, ...]:
    """Return the rules that texts hold.

    Parameters
    ----------
    texts
        One rule each.
    names
        What an item may be called -> its number.
    place
        What to call the list in a message.

    Raises
    ------
    BadDocument
        A rule cannot be read, names something unknown, or the rules contradict each other.

    Examples
    --------
    >>> rules = read_rules(["a < max(b, c)"], {"a": 0, "b": 1, "c": 2})
    >>> count_orders(3, rules)
    4
    """
    rules = list[Before]()
    for index, text in enumerate(texts):
        where = f"{place}[{index}]"
        sides = [_event(side, names, where) for side in text.split("<")]
        if len(sides) < 2:
            raise BadDocument(where, f"{text!r} is no rule; write such as: column < beam")
        for earlier, later in pairwise(sides):
            if earlier.items & later.items:
                raise BadDocument(where, f"{text!r} puts something before itself")
            rules.append(Before(earlier, later, text.strip()))
    # names come before GlobalIds, and are what a person reads
    _refuse_contradiction(rules, {number: name for name, number in reversed(list(names.items()))}, place)
    return tuple(rules)


def whole_rules(texts: Sequence[str]) -> tuple[str, ...]:
    """Return rules that were split at the commas between brackets, as YAML does in a list without quotes, as wholes.

    Examples
    --------
    >>> whole_rules(["a < b", "c < max(d", "e)"])
    ('a < b', 'c < max(d, e)')
    """
    found, is_open = list[str](), False
    for text in texts:
        if is_open:
            found[-1] += f", {text}"
        else:
            found.append(text)
        group = _LAST_GROUP.search(found[-1])
        is_open = group is not None and group.group().count("(") > group.group().count(")")
    return tuple(found)


def _event(text: str, names: Mapping[str, int], where: str) -> Event:
    told = text.strip()
    if _LAST_GROUP.match(told) and not told.endswith(")") and told not in names:
        raise BadDocument(where, f"{told!r} lacks its closing bracket; write such as: beam < max(slab 1, slab 2)")
    grouped = _GROUP.match(told)
    words = [one.strip() for one in (grouped.group(2).split(",") if grouped else [told])]
    for word in words:
        if word not in names:
            raise BadDocument(where, f"{word!r} is no element of the model" if word else "a name is missing")
    return Event(frozenset(names[word] for word in words), grouped is None or grouped.group(1) == "max")


def _refuse_contradiction(rules: Sequence[Before], names: Mapping[int, str], place: str) -> None:
    """Refuse rules that no order can keep.

    From the end: taking away whatever may have come last loses nothing, for with less there no rule forbids more;
    except where one of several suffices to be earlier (``min(a, b) < c``). There the orders are counted, if few.
    """
    items = frozenset[int]().union(*(rule.earlier.items | rule.later.items for rule in rules))
    left = set(items)
    while last := [item for item in left if all(rule.allows(item, _mask(left - {item})) for rule in rules)]:
        left.remove(last[0])
    if not left:
        return
    if any(not rule.earlier.last and len(rule.earlier.items) > 1 for rule in rules):
        others = _mask(set(range(max(items) + 1)) - items)
        if len(items) > _MOST_COUNTED or count_orders(max(items) + 1, rules, placed=others):
            return
    texts = sorted({rule.text for rule in rules if (rule.later.items | rule.earlier.items) <= left})
    listed = ", ".join(sorted(names[item] for item in left)[:6])
    raise BadDocument(place, f"{listed} wait for each other; no order keeps {'; '.join(texts[:4])}")


def _mask(items: Iterable[int]) -> int:
    return sum(1 << item for item in items)


def count_orders(
    count: int,
    rules: Sequence[Before],
    may_place: Callable[[int, int], bool] = lambda item, placed: True,
    placed: int = 0,
) -> int | None:
    """Return in how many orders ``count`` items can be placed one by one; None where that is too much to count.

    Parameters
    ----------
    count
        How many items there are.
    rules
        What each order has to keep.
    may_place
        Asked whether an item may be placed where those of a mask are.
    placed
        Mask of the items that stand from the beginning.
    """
    whole = (1 << count) - 1
    ways, total = {placed: 1}, bin(whole & ~placed).count("1")
    for _ in range(total):
        following = dict[int, int]()
        for mask, number in ways.items():
            for item in range(count):
                if mask >> item & 1 or not may_place(item, mask) or not all(rule.allows(item, mask) for rule in rules):
                    continue
                reached = mask | 1 << item
                following[reached] = following.get(reached, 0) + number
        if len(following) > _MOST_STATES // max(count, 1):
            return None
        ways = following
    return ways.get(whole, 0)

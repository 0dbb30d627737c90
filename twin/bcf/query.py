"""The part of OData v4 that BCF asks for: ``$filter``, ``$orderby``, ``$top``, ``$skip`` over plain fields.

::

    filter     = any ("or" any)*
    any        = one ("and" one)*
    one        = "not" one | "(" filter ")" | function "(" field "," literal ")" | field operator literal
               | field "in" "(" literal ("," literal)* ")"
    operator   = eq ne gt ge lt le
    function   = contains startswith endswith
    literal    = 'text' | number | true | false | null | 2015-12-05T00:00:00+01:00

``contains`` of a list asks for a member, as in BCF's own examples (``contains(labels, 'Architecture')``).
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from itertools import islice
from typing import TypeAlias, TypeVar

from twin.errors import Invalid

Value: TypeAlias = str | datetime | Decimal | bool | tuple[str, ...] | None
Row: TypeAlias = Mapping[str, Value]
Test: TypeAlias = Callable[[Row], bool]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Among:
    """A field that is one of some values: ``eq`` and ``in``."""

    field: str
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """A field beside a value: ``gt``, ``ge``, ``lt`` or ``le``."""

    field: str
    operator: str
    value: Value


@dataclass(frozen=True, slots=True)
class Search:
    """A text looked for in a field: ``contains``, ``startswith`` or ``endswith``."""

    field: str
    function: str
    text: str


@dataclass(frozen=True, slots=True)
class Not:
    """What does not hold."""

    inner: "Expression"


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Of several at least one; none of none."""

    parts: "tuple[Expression, ...]"


@dataclass(frozen=True, slots=True)
class AllOf:
    """Each of several."""

    parts: "tuple[Expression, ...]"


Expression: TypeAlias = Among | Comparison | Search | Not | AnyOf | AllOf
"""A filter as it was understood: whoever keeps the rows asks it in a language of their own."""

_LONGEST = 4000
_DEEPEST = 30
_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<date>\d{4}-\d\d-\d\d(?:T[\d:.]+(?:Z|[+-]\d\d:?\d\d)?)?)"
    r"|(?P<number>-?\d+(?:\.\d+)?)|(?P<word>[A-Za-z_][\w/]*)|(?P<sign>[(),]))"
)
_ORDER: Mapping[str, Callable[[int], bool]] = {
    "gt": lambda sign: sign > 0,
    "ge": lambda sign: sign >= 0,
    "lt": lambda sign: sign < 0,
    "le": lambda sign: sign <= 0,
}
_FUNCTIONS: Mapping[str, Callable[[str, str], bool]] = {
    "contains": lambda whole, part: part in whole,
    "startswith": lambda whole, part: whole.startswith(part),
    "endswith": lambda whole, part: whole.endswith(part),
}


@dataclass(frozen=True, slots=True)
class Query:
    """What of a list is wanted, and in which order."""

    filter: str = ""
    orderby: str = ""
    top: int | None = None
    skip: int = 0


def select(
    items: Iterable[T], query: Query, row: Callable[[T], Row], *, filters: Sequence[str], orders: Sequence[str]
) -> list[T]:
    """Return the items that a query asks for; those that are equal in its order stay as they were.

    Parameters
    ----------
    row
        An item's fields.
    filters, orders
        The fields that may be filtered, and sorted, by.

    Raises
    ------
    Invalid
        If the query cannot be understood or names another field.
    """
    test = parse_filter(query.filter, filters) if query.filter.strip() else None
    rows = [(item, row(item)) for item in items]
    found = [(item, fields) for item, fields in rows if test is None or test(fields)]
    for name, descending in reversed(parse_order(query.orderby, orders)):
        # what has no value comes last, in either direction
        given = [pair for pair in found if pair[1][name] is not None]
        given.sort(key=lambda pair: _sortable(pair[1][name]), reverse=descending)
        found = given + [pair for pair in found if pair[1][name] is None]
    end = None if query.top is None else query.skip + query.top
    return [item for item, _ in found[query.skip : end]]


def pick(items: Iterable[T], query: Query, row: Callable[[T], Row], *, filters: Sequence[str]) -> list[T]:
    """Return what a query asks for of items that come in its order already; no more are taken than that needs.

    Raises
    ------
    Invalid
        If the filter cannot be understood or names another field.
    """
    test = parse_filter(query.filter, filters) if query.filter.strip() else None
    found = (item for item in items if test is None or test(row(item)))
    return list(islice(found, query.skip, None if query.top is None else query.skip + query.top))


def parse_filter(text: str, fields: Sequence[str]) -> Test:
    """Return a filter as a function; :class:`Invalid` for what is none, in one line that names the place."""
    found = parse_expression(text, fields)
    return lambda row: holds(found, row)


def parse_expression(text: str, fields: Sequence[str]) -> Expression:
    """Return a filter as it is understood; :class:`Invalid` for what is none, in one line that names the place."""
    return _Parser(_tokens(text), tuple(fields)).whole()


def holds(wanted: Expression, row: Row) -> bool:
    """Say whether a row is what a filter asks for."""
    if isinstance(wanted, AllOf):
        return all(holds(part, row) for part in wanted.parts)
    if isinstance(wanted, AnyOf):
        return any(holds(part, row) for part in wanted.parts)
    if isinstance(wanted, Not):
        return not holds(wanted.inner, row)
    found = row[wanted.field]
    if isinstance(wanted, Search):
        return _found_in(found, wanted)
    if isinstance(wanted, Among):
        return any(_equal(found, value) for value in wanted.values)
    return _ordered(found, wanted.value, _ORDER[wanted.operator])


def parse_order(text: str, fields: Sequence[str]) -> list[tuple[str, bool]]:
    """Return the fields of an order, each with whether it descends; :class:`Invalid` for what is none."""
    found: list[tuple[str, bool]] = []
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        name, _, direction = part.partition(" ")
        if name not in fields or direction.strip().lower() not in ("", "asc", "desc"):
            raise Invalid(f"$orderby={part[:60]}: sort by {', '.join(fields)}, asc or desc")
        found.append((name, direction.strip().lower() == "desc"))
    return found


def _sortable(value: Value) -> str | datetime | Decimal:
    assert value is not None
    if isinstance(value, tuple):
        return "\x1f".join(value)
    return Decimal(value) if isinstance(value, bool) else value


def _tokens(text: str) -> list[tuple[str, str]]:
    if len(text) > _LONGEST:
        raise Invalid(f"$filter has more than {_LONGEST} characters")
    found: list[tuple[str, str]] = []
    place, text = 0, text.rstrip()
    while place < len(text):
        token = _TOKEN.match(text, place)
        if token is None:
            raise Invalid(f"$filter cannot be understood at {text[place : place + 20]!r}")
        found.append((str(token.lastgroup), token[token.lastgroup or 0]))
        place = token.end()
    return found


class _Parser:
    def __init__(self, tokens: list[tuple[str, str]], fields: tuple[str, ...]) -> None:
        self.tokens, self.fields, self.place, self.depth = tokens, fields, 0, 0

    def whole(self) -> Expression:
        found = self.any()
        if self.place < len(self.tokens):
            raise self.confused()
        return found

    def any(self) -> Expression:
        parts = [self.all()]
        while self.word("or"):
            parts.append(self.all())
        return parts[0] if len(parts) == 1 else AnyOf(tuple(parts))

    def all(self) -> Expression:
        parts = [self.one()]
        while self.word("and"):
            parts.append(self.one())
        return parts[0] if len(parts) == 1 else AllOf(tuple(parts))

    def one(self) -> Expression:
        self.depth += 1
        if self.depth > _DEEPEST:
            raise Invalid(f"$filter nests deeper than {_DEEPEST}")
        try:
            if self.word("not"):
                return Not(self.one())
            if self.sign("("):
                inner = self.any()
                self.need(")")
                return inner
            return self.comparison()
        finally:
            self.depth -= 1

    def comparison(self) -> Expression:
        name = self.take("word")
        if name.lower() in _FUNCTIONS and self.sign("("):
            return self.function(name.lower())
        field = self.field(name)
        operator = self.take("word").lower()
        if operator == "in":
            return Among(field, tuple(self.several()))
        value = self.literal()
        if operator in ("eq", "ne"):
            equal = Among(field, (value,))
            return equal if operator == "eq" else Not(equal)
        if operator not in _ORDER:
            raise self.confused(back=2)
        return Comparison(field, operator, value)

    def function(self, name: str) -> Expression:
        field = self.field(self.take("word"))
        self.need(",")
        value = self.literal()
        self.need(")")
        if not isinstance(value, str):
            raise Invalid(f"$filter: {name} looks for a text in quotes")
        return Search(field, name, value)

    def several(self) -> list[Value]:
        self.need("(")
        found = [self.literal()]
        while self.sign(","):
            found.append(self.literal())
        self.need(")")
        return found

    def literal(self) -> Value:
        kind, text = self.next()
        if kind == "text":
            return text[1:-1].replace("''", "'")
        if kind == "number":
            return Decimal(text)
        if kind == "date":
            return _moment(text)
        word = text.lower()
        if kind == "word" and word in ("null", "true", "false"):
            return None if word == "null" else word == "true"
        raise self.confused(back=1)

    def field(self, name: str) -> str:
        if name not in self.fields:
            raise Invalid(
                f"$filter: there is no field {name[:40]!r} to filter by; choose from {', '.join(self.fields)}"
            )
        return name

    def next(self) -> tuple[str, str]:
        if self.place >= len(self.tokens):
            raise Invalid("$filter ends before it is complete")
        self.place += 1
        return self.tokens[self.place - 1]

    def take(self, kind: str) -> str:
        found, text = self.next()
        if found != kind:
            raise self.confused(back=1)
        return text

    def word(self, wanted: str) -> bool:
        return self.accept("word", wanted)

    def sign(self, wanted: str) -> bool:
        return self.accept("sign", wanted)

    def need(self, wanted: str) -> None:
        if not self.sign(wanted):
            raise self.confused()

    def accept(self, kind: str, wanted: str) -> bool:
        if self.place < len(self.tokens) and self.tokens[self.place][0] == kind:
            if self.tokens[self.place][1].lower() == wanted:
                self.place += 1
                return True
        return False

    def confused(self, back: int = 0) -> Invalid:
        rest = " ".join(text for _, text in self.tokens[max(self.place - back, 0) :])
        return Invalid(f"$filter cannot be understood at {rest[:40]!r}")


def _moment(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise Invalid(f"$filter: {text!r} is no date") from error


def _found_in(found: Value, wanted: Search) -> bool:
    is_there = _FUNCTIONS[wanted.function]
    if isinstance(found, tuple):
        if wanted.function == "contains":
            return wanted.text in found
        return any(is_there(one, wanted.text) for one in found)
    return isinstance(found, str) and is_there(found, wanted.text)


def _equal(found: Value, wanted: Value) -> bool:
    if isinstance(found, tuple):
        return wanted in found
    return (
        found == wanted and (found is None) == (wanted is None) and isinstance(found, bool) == isinstance(wanted, bool)
    )


def _ordered(found: Value, wanted: Value, is_so: Callable[[int], bool]) -> bool:
    """Compare what can be compared; with nothing, nothing is greater or less."""
    pairs: tuple[type, ...] = (str, datetime, Decimal)
    for kind in pairs:
        if isinstance(found, kind) and isinstance(wanted, kind):
            return is_so((found > wanted) - (found < wanted))  # pyright: ignore[reportOperatorIssue]
    return False

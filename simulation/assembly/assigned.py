"""Which task of a planning program builds which elements: by a file that says so, or by what its tasks are called.

Planning programs know no elements. A file of people names them task by task (docs/assembly.md); without one, a task
that is called as an element is, or whose name holds an element's GlobalId, builds it.
"""

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from geometry.schedule import BUILDING, Task
from simulation.assembly.presence import MOVING, REMOVING
from simulation.document import Section, read_document, text_in
from simulation.errors import BadDocument

KINDS = (*sorted(BUILDING - {""}), *sorted(REMOVING), MOVING)
"""What a task may do with its elements, as IfcTask says it."""
_GLOBAL_ID = re.compile(r"(?<![0-9A-Za-z_$])[0-3][0-9A-Za-z_$]{21}(?![0-9A-Za-z_$])")
_MOST_ROWS = 1_000_000


@dataclass(frozen=True, slots=True)
class PlannedTask:
    """A task of a schedule with the days between which it is planned."""

    key: str
    """What the file knows it by."""
    name: str
    """What people call it; in P6 its Activity ID comes first."""
    start: date | None
    finish: date | None
    elements: tuple[str, ...] = ()
    """GlobalIds that the schedule itself names."""


@dataclass(frozen=True, slots=True)
class ModelElement:
    """What tasks may name of an element."""

    global_id: str
    name: str
    ifc_class: str
    storey: str


def assigned_by_file(
    content: bytes, suffix: str, tasks: Sequence[PlannedTask], elements: Sequence[ModelElement]
) -> tuple[Task, ...]:
    """Return the tasks with the elements that a file gives them.

    Parameters
    ----------
    content
        The file's bytes, UTF-8.
    suffix
        ``.csv``: the columns ``task``, ``element`` and, if wanted, ``kind``. Else YAML, ``elements: 1``.

    Raises
    ------
    BadDocument
        It cannot be read, or names a task or an element that there is not; with line and place.
    """
    called, found = _Called(tasks), _Elements(elements)
    of, kinds = dict[int, list[str]](), dict[int, str]()
    said = _table(content) if suffix == ".csv" else _document(content)
    for one in said:
        number = called.number(one.task, one.place)
        if kinds.setdefault(number, one.kind) != one.kind:
            raise BadDocument(one.place, f"{one.task!r} is {kinds[number] or 'CONSTRUCTION'} elsewhere; a task is one")
        of.setdefault(number, []).extend(found.named(one))
    return tuple(
        _task(replace(task, elements=(*task.elements, *of.get(k, ()))), kinds.get(k, ""))
        for k, task in enumerate(tasks)
    )


def assigned_by_name(tasks: Sequence[PlannedTask], elements: Sequence[ModelElement]) -> tuple[Task, ...]:
    """Return the tasks with the elements that they are called by; of a name that several elements have, none."""
    known, names = {one.global_id for one in elements}, dict[str, list[str]]()
    for one in elements:
        if one.name.strip():
            names.setdefault(one.name.strip(), []).append(one.global_id)
    single = {name: found[0] for name, found in names.items() if len(found) == 1}
    found = list[Task]()
    for task in tasks:
        code, _, rest = task.name.partition(" ")
        own = [one for one in _GLOBAL_ID.findall(task.name) if one in known]
        own += [single[name] for name in {task.name.strip(), rest.strip(), code} if name in single]
        found.append(_task(replace(task, elements=(*task.elements, *own)), ""))
    return tuple(found)


def _task(task: PlannedTask, kind: str) -> Task:
    return Task(task.key, task.name, "", kind, task.start, task.finish, tuple(sorted(set(task.elements))))


@dataclass(frozen=True, slots=True)
class _Said:
    """What a file says of a task, and where."""

    place: str
    task: str
    kind: str
    elements: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    storeys: tuple[str, ...] = ()


def _document(content: bytes) -> Iterator[_Said]:
    top = read_document(content, "elements").knows("tasks")
    sections = list(top.sections("tasks"))
    if not sections:
        raise top.fault("tasks", "there is none")
    for name, section in sections:
        section.knows("elements", "classes", "storeys", "kind")
        kind = section.choice("kind", KINDS, "")
        lists = [section.texts(word, ()) for word in ("elements", "classes", "storeys")]
        if not any(lists):
            raise section.fault("", "it names no elements, classes or storeys")
        section.close()
        yield _Said(_place(top, f"tasks.{name}"), name, kind, *lists)
    top.close()


def _place(top: Section, place: str) -> str:
    return f"line {top.lines[place]}: {place}" if place in top.lines else place


def _table(content: bytes) -> Iterator[_Said]:
    text = text_in(content)
    first = text.partition("\n")[0]
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=";" if first.count(";") > first.count(",") else ",")
    try:
        heads = [cell.strip().lower() for cell in next(rows, [])]
        if "task" not in heads or "element" not in heads:
            raise BadDocument("line 1", "the columns 'task' and 'element' are expected, and may be followed by 'kind'")
        for number, row in enumerate(rows):
            if number > _MOST_ROWS:
                raise BadDocument(f"line {rows.line_num}", "longer than any schedule needs")
            cells = dict(zip(heads, (cell.strip() for cell in row), strict=False))
            if not any(cells.values()):
                continue
            place, kind = f"line {rows.line_num}", cells.get("kind", "").upper()
            if kind and kind not in KINDS:
                raise BadDocument(place, f"{kind!r} is none of {', '.join(KINDS)}")
            yield _Said(place, cells["task"], kind, (cells.get("element", ""),))
    except csv.Error as error:
        raise BadDocument(f"line {rows.line_num}", f"it is no table: {error}") from None


class _Called:
    """How tasks may be called: as the file calls them, by the code that their name begins with, or by their key."""

    def __init__(self, tasks: Sequence[PlannedTask]) -> None:
        self._ways = tuple(
            _numbers(one) for one in (
                [task.name.strip() for task in tasks], [task.name.partition(" ")[0] for task in tasks],
                [task.name.partition(" ")[2].strip() for task in tasks], [task.key for task in tasks],
            )
        )  # fmt: skip

    def number(self, name: str, place: str) -> int:
        for way in self._ways:
            found = way.get(name, [])
            if len(found) == 1:
                return found[0]
            if len(found) > 1:
                raise BadDocument(place, f"several tasks are called {name!r}; give the number that the program has")
        raise BadDocument(place, f"{name!r} is no task of the schedule" if name else "a name is missing")


class _Elements:
    """Elements by what a file may call them."""

    def __init__(self, elements: Sequence[ModelElement]) -> None:
        self._all = elements
        self._by_id = {one.global_id for one in elements}
        self._by_name = _numbers([one.name.strip() for one in elements])
        self._classes, self._storeys = {one.ifc_class for one in elements}, {one.storey for one in elements}

    def named(self, said: _Said) -> list[str]:
        """Return the GlobalIds that a task gets; classes and storeys together mean what is of both."""
        found = [self._one(name, said.place) for name in said.elements]
        for names, known, what in ((said.classes, self._classes, "class"), (said.storeys, self._storeys, "storey")):
            for name in names:
                if name not in known:
                    raise BadDocument(said.place, f"no element of the model has the {what} {name!r}")
        if said.classes or said.storeys:
            both = [
                one.global_id for one in self._all
                if (not said.classes or one.ifc_class in said.classes)
                and (not said.storeys or one.storey in said.storeys)
            ]  # fmt: skip
            if not both:
                raise BadDocument(said.place, "no element of the model is of these classes in these storeys")
            found += both
        return found

    def _one(self, name: str, place: str) -> str:
        if name in self._by_id:
            return name
        found = self._by_name.get(name, [])
        if len(found) > 1:
            raise BadDocument(place, f"several elements are called {name!r}; give its GlobalId")
        if not found or not name:
            raise BadDocument(place, f"{name!r} is no element of the model" if name else "a name is missing")
        return self._all[found[0]].global_id


def _numbers(names: Sequence[str]) -> Mapping[str, list[int]]:
    found = dict[str, list[int]]()
    for number, name in enumerate(names):
        found.setdefault(name, []).append(number)
    return found

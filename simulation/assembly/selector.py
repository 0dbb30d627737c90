"""Which elements a rule is about: by class, name, type, storey or GlobalId."""

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from geometry.design import Element
from simulation.document import Section

_SUFFIXES = ("StandardCase", "ElementedCase")
WORDS = ("classes", "names", "types", "storeys", "elements")


def plain_class(ifc_class: str) -> str:
    """Return a class without what IFC2X3 and IFC4 hang on it.

    Examples
    --------
    >>> plain_class("IfcWallStandardCase")
    'IfcWall'
    """
    for suffix in _SUFFIXES:
        ifc_class = ifc_class.removesuffix(suffix)
    return ifc_class


@dataclass(frozen=True, slots=True)
class Selector:
    """Elements that have to be all that is said: of one of the classes, with one of the names, and so on."""

    classes: tuple[str, ...] = ()
    """``IfcWall`` is also ``IfcWallStandardCase``."""
    names: tuple[str, ...] = ()
    """Patterns with ``*`` and ``?``, as are types and storeys."""
    types: tuple[str, ...] = ()
    storeys: tuple[str, ...] = ()
    elements: tuple[str, ...] = ()
    """GlobalIds."""

    def holds(self, element: Element) -> bool:
        """Return whether an element is meant."""
        return (
            (not self.classes or bool({element.ifc_class, plain_class(element.ifc_class)} & set(self.classes)))
            and _like(element.name, self.names)
            and _like(element.type_name, self.types)
            and _like(element.storey, self.storeys)
            and (not self.elements or element.global_id in self.elements)
        )


def read_selector(section: Section) -> Selector:
    """Return the elements that a section means; it has to say something.

    Raises
    ------
    BadDocument
        It makes no sense; the text names line and place.
    """
    section.knows(*WORDS).misspelt()
    said = {word: section.texts(word, ()) for word in WORDS}
    section.close()
    if not any(said.values()):
        raise section.fault("", f"it names no elements: give one of {', '.join(WORDS)}")
    return Selector(**said)


def _like(text: str, patterns: Sequence[str]) -> bool:
    return not patterns or any(fnmatchcase(text, pattern) for pattern in patterns)

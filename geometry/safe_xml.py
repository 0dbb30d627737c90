"""XML from strangers: no document type, hence no entities and nothing from outside; bounded in depth and nodes."""

from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from geometry.errors import ReadError

_DEEPEST, _MOST_NODES = 60, 5_000_000


def without_prefix(name: str) -> str:
    """Return a name without the prefix of its namespace: tools differ in those."""
    return name.rpartition(":")[2]


def parse_xml(
    content: bytes,
    *,
    deepest: int = _DEEPEST,
    most_nodes: int = _MOST_NODES,
) -> tuple[Element, dict[int, int]]:
    """Return the root of a document, names without prefixes, and the line of each element by its ``id()``.

    Parameters
    ----------
    deepest, most_nodes
        More of either is refused.

    Raises
    ------
    ReadError
        If it is no XML, declares a document type (entity attacks need one), or nests without end; without file name.
    """
    builder, parser = TreeBuilder(), expat.ParserCreate()
    parser.buffer_text = True
    lines = dict[int, int]()
    depth = 0

    def begin(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > deepest or len(lines) >= most_nodes:
            raise ReadError(f"it nests deeper than {deepest} or holds more than {most_nodes} elements")
        element = builder.start(without_prefix(name), {without_prefix(key): value for key, value in attributes.items()})
        lines[id(element)] = parser.CurrentLineNumber

    def end(name: str) -> None:
        nonlocal depth
        depth -= 1
        builder.end(without_prefix(name))

    parser.StartElementHandler = begin
    parser.EndElementHandler = end
    parser.CharacterDataHandler = builder.data
    parser.StartDoctypeDeclHandler = _refuse_doctype
    try:
        parser.Parse(content, True)
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise ReadError(f"it is no XML that can be read: {str(error).splitlines()[0]}") from None
    return builder.close(), lines


def text_of(node: Element | None, name: str) -> str:
    """Return the text of the first child of this name; empty when there is none."""
    found = None if node is None else node.find(name)
    return "" if found is None else (found.text or "").strip()


def is_true(node: Element | None, name: str) -> bool:
    """Return whether the first child of this name says yes, as xsd:boolean writes it: 1 or true."""
    return text_of(node, name).lower() in ("1", "true")


def is_false(node: Element | None, name: str) -> bool:
    """Return whether the first child of this name says no: 0 or false; one that is not there says nothing."""
    return text_of(node, name).lower() in ("0", "false")


def _refuse_doctype(*_: object) -> None:
    raise ReadError("it declares a document type (DOCTYPE): that is refused, for entities can hide in it")

"""The process that runs ifcopenshell: it may crash, hang or be killed, and the reader survives.

It is started with ``python -c "from geometry.readers.ifc_worker import main; main()"``, reads one JSON order per line
from standard input and answers with frames (``frames.py``) on what was its standard output: geometry kernels print
there on their own, so that channel is moved away first.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportMissingTypeStubs=false, reportMissingImports=false

import gc
import json
import os
import sys
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from geometry.forked import die_with_the_first
from geometry.note import Note, stored
from geometry.readers.frames import write_frame
from geometry.readers.worker_process import limit_memory

Answer = Callable[..., None]
_GARBAGE = 50_000
"""Objects between collections: instances of a model come and go by the thousand and leave no cycles."""


def main() -> None:
    """Serve orders until standard input ends."""
    die_with_the_first()
    with os.fdopen(os.dup(1), "wb") as channel:
        os.dup2(2, 1)
        first = json.loads(sys.stdin.readline())
        limit_memory(first.get("memory_bytes"))
        gc.set_threshold(_GARBAGE)
        _serve(first, channel)


def _serve(order: Mapping[str, Any], channel: BinaryIO) -> None:
    def answer(kind: str, **fields: Any) -> None:
        write_frame(channel, {"kind": kind, **fields})

    try:
        session = _Session(order["path"], answer)
    except Unreadable as error:
        answer("unreadable", reason=str(error))
        return
    if order.get("index"):
        answer("index", **session.index())
    answer("ready")
    for line in sys.stdin:
        session.shapes(json.loads(line), channel)
        answer("done")


class Unreadable(Exception):
    """The file cannot be opened; the text says why."""


class _Session:
    """One open model and its kernels."""

    def __init__(self, path: str, answer: Answer) -> None:
        self._answer = answer
        answer("begin", key="", stage="open")
        self._model, self._complaints = open_model(path)
        from geometry.readers.ifc_kernels import Kernels
        from geometry.readers.ifc_products import products_of
        from geometry.readers.ifc_units import read_units

        self._units = read_units(self._model)
        self._products = {product.instance.id(): product for product in products_of(self._model)}
        self._kernels = Kernels(self._model, self._units.length_m, self._begin)
        self._key = ""
        self._property_sets: dict[int, Any] = {}

    def index(self) -> dict[str, Any]:
        """Return what is known before any geometry: units, storeys, georeference and the products to make."""
        from dataclasses import asdict

        from geometry.readers.ifc_site import map_conversion_of, storeys_of
        from geometry.readers.ifc_tasks import tasks_of

        conversion, notes = map_conversion_of(self._model, self._units)
        return {
            "schema": str(self._model.schema),
            "length_m": self._units.length_m,
            "length_declared": self._units.length_declared,
            "storeys": list(storeys_of(self._model, self._units.length_m).items()),
            "map_conversion": None if conversion is None else asdict(conversion),
            "tasks": tasks_of(self._model),
            "notes": [stored(note) for note in (*self._complaints, *notes)],
            "products": [
                {"id": id_, "key": product.shape_key, "cost": _cost(product)} for id_, product in self._products.items()
            ],
        }

    def shapes(self, order: Mapping[str, Any], channel: BinaryIO) -> None:
        """Answer one order: a shape per key, and placement and description of every product that has it."""
        for key, ids in order["groups"]:
            self._key = key
            avoid = order["avoid"].get(key, ())
            whole = [id_ for id_ in ids if not self._is_nowhere(id_)]
            made = self._shape(self._products[(whole or ids)[0]], avoid)
            header: dict[str, Any] = {"kind": "shape", "key": key, "made": made is not None}
            arrays = ()
            if made is not None:
                header |= {"kernel": made.kernel, "suspect": stored(made.suspect), "sheet": made.sheet}
                header["boxes"] = {
                    label: [*box.centre.tolist(), *box.axes.ravel().tolist(), *box.size.tolist()]
                    for label, box in made.boxes.items()
                }
                arrays = (made.mesh.vertices, made.mesh.faces)
            write_frame(channel, header, *arrays)
            for id_ in ids:
                self._answer_product(id_, avoid, channel)

    def _is_nowhere(self, id_: int) -> bool:
        from geometry.readers.ifc_attributes import attribute, placement_chain

        try:
            placement_chain(attribute(self._products[id_].instance, "ObjectPlacement"))
        except ValueError:
            return True
        return False

    def _shape(self, product: Any, avoid: Collection[str]) -> Any:
        try:
            return self._kernels.shape(product, avoid)
        except (AttributeError, TypeError, ValueError, IndexError, KeyError):
            return None  # a malformed definition, such as a profile without a curve

    def _answer_product(self, id_: int, avoid: Collection[str], channel: BinaryIO) -> None:
        self._begin("properties")
        instance = self._products[id_].instance
        header: dict[str, Any] = {"kind": "product", "id": id_, "global_id": instance.GlobalId}
        header |= {"ifc_class": instance.is_a(), "name": instance.Name or ""}
        try:
            header |= {} if "properties" in avoid else self._describe(id_)
        except (AttributeError, TypeError, ValueError, IndexError, KeyError) as error:
            header["undescribed"] = _line(f"{type(error).__name__}: {error}")
        try:
            write_frame(channel, header, self._kernels.frame(instance))
        except ValueError as error:
            write_frame(channel, {**header, "misplaced": stored(_reason(error))})

    def _describe(self, id_: int) -> dict[str, Any]:
        from geometry.readers import ifc_properties as said

        instance = self._products[id_].instance
        kind, container = said.type_of(instance), said.container_of(instance)
        definitions = said.definitions_of(instance, kind)
        return {
            "container": None if container is None else container.id(),
            "container_name": "" if container is None else container.Name or "",
            "type_name": "" if kind is None else kind.Name or "",
            "predefined_type": said.predefined_type_of(instance, kind),
            "materials": said.materials_of(instance, kind),
            "properties": said.properties_of(definitions, self._property_sets),
            "quantities": said.quantities_of(definitions, self._units),
            "openings": [opening.GlobalId or "" for opening in self._products[id_].openings],
            "voids": [
                (opening.GlobalId or "", opening.Name or "", said.fillings_of(opening))
                for opening in self._products[id_].openings
            ],
        }

    def _begin(self, stage: str) -> None:
        self._answer("begin", key=self._key, stage=stage)


def _cost(product: Any) -> float:
    """Return about how many milliseconds the shape of a product takes; only the order of the work rests on it."""
    return 1.0 + 5.0 * (not product.flat) + 4.0 * product.boolean + len(product.openings) + 0.1 * product.polygons


def open_model(path: str) -> tuple[Any, list[str]]:
    """Return the model and what the parser complained about.

    Raises
    ------
    Unreadable
        If the file is no IFC file, of an unknown schema or defines one instance twice.
    """
    from geometry.readers.ifc_library import import_ifcopenshell

    ifcopenshell: Any = import_ifcopenshell()
    with Path(path).open("rb") as stream:
        is_xml = stream.read(64).lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")
    if is_xml:
        return _open_xml(path), []
    log: Any = ifcopenshell.ifcopenshell_wrapper.logger()
    log.output_format(log.FMT_INMEMORY)
    try:
        model = ifcopenshell.open(path, format=".ifc", logger=log)
    except (ifcopenshell.Error, OSError, RuntimeError) as error:
        errors = [str(m.message) for m in log.log_messages() if m.severity >= log.LOG_ERROR]
        raise Unreadable("; ".join([_line(str(error)), *map(_line, errors[:1])])) from None
    texts = [_line(str(m.message)) for m in log.log_messages() if m.severity >= log.LOG_WARNING]
    twice = [text for text in texts if text.startswith("Overwriting instance")]
    if twice:
        first = twice[0].partition("name ")[2]
        said = f"{len(twice)} instance names are used twice (such as {first})"
        raise Unreadable(said if len(twice) > 1 else f"the instance name {first} is used twice")
    if not texts:
        return model, []
    if len(texts) == 1:
        return model, [Note("syntax_flaw", "The file has a syntax flaw that was tolerated: {first}.", first=texts[0])]
    said = "The file has {n} syntax flaws that were tolerated, the first: {first}."
    return model, [Note("syntax_flaws", said, n=str(len(texts)), first=texts[0])]


def _open_xml(path: str) -> Any:
    from geometry.readers.ifc_xml import BadXml, model_from_xml

    try:
        return model_from_xml(Path(path))
    except BadXml as error:
        raise Unreadable(str(error)) from None


def _reason(error: ValueError) -> str:
    """Return why something is wrong, as the note that it was raised with if it was."""
    return next((part for part in error.args if isinstance(part, Note)), str(error))


def _line(text: str) -> str:
    return text.partition("\n")[0].strip().rstrip(".")

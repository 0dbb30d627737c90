"""Which parts have their shape from a scan, and from which file: a YAML file that people write (docs/assembly.md)."""

from dataclasses import dataclass

from simulation.document import Section, read_document

_MOST_MM = 1000.0


@dataclass(frozen=True, slots=True)
class ShapeFile:
    """The file that has a part as it was scanned."""

    global_id: str
    file: str
    """Its path; a relative one is beside the file that names it."""
    noise: float
    """Standard deviation of a point, metres."""
    where: str = ""
    """Line and place in the file that names it."""


def read_shape_files(content: bytes) -> tuple[ShapeFile, ...]:
    """Return the files that a document names.

    Raises
    ------
    BadDocument
        It makes no sense; the text names line and place.
    """
    top = read_document(content, "shapes")
    noise = _noise(top, 0.0)
    found = [_shape(name, section, noise) for name, section in top.sections("elements")]
    top.close()
    if not found:
        raise top.fault("elements", "it names no elements")
    return tuple(found)


def _shape(name: str, section: Section, noise: float) -> ShapeFile:
    section.knows("file", "noise_mm").misspelt()
    made = ShapeFile(name, section.text("file"), _noise(section, noise), section.where())
    section.close()
    return made


def _noise(section: Section, default: float) -> float:
    return 1e-3 * section.number("noise_mm", 1e3 * default, low=0.0, high=_MOST_MM)

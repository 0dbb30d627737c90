"""The error tree of the geometry package.

::

    GeometryError                 base: its text is one line that says what and what to do
    ├── ReadError                 a file that cannot be read or makes no sense
    │   └── UnitContradiction     the file's units disagree with its own quantities or with common sense
    ├── EmptyInput                nothing to work on: no points, no geometry
    └── ToleranceError            a tolerance that cannot be parsed or is not in the catalogue
"""


class GeometryError(Exception):
    """Base of all errors that this package raises on purpose; ``str(error)`` is one line for the user."""


class ReadError(GeometryError):
    """A file cannot be read; the text names the file, the reason and what to do."""


class UnitContradiction(ReadError):
    """Declared units contradict the file's own quantities, or the size is impossible."""


class EmptyInput(GeometryError):
    """Nothing to work on: an empty scan, a scan of NaNs, a model without geometry."""


class ToleranceError(GeometryError):
    """A tolerance text, file or catalogue name that cannot be used."""

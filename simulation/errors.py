"""The error tree of the simulation.

::

    SimulationError               base: its text is one line that says where, what and what to do
    ├── BadDocument               a file's content makes no sense; ``place`` names where in it
    ├── NoSolution                the equations have no answer where they were asked for one
    └── AuditFailed               a simulation's own books do not balance: a mistake of ours, never to be passed on
"""


class SimulationError(Exception):
    """Base of all errors that this package raises on purpose; ``str(error)`` is one line for the user."""


class BadDocument(SimulationError):
    """The content of a file makes no sense.

    Attributes
    ----------
    place
        Where in the document, such as ``dimensions.a.tolerance``.
    """

    def __init__(self, place: str, message: str) -> None:
        super().__init__(f"{place}: {message}" if place else message)
        self.place = place


class NoSolution(SimulationError):
    """Equations have no answer: a loop that cannot close, a part whose contacts do not hold it."""


class AuditFailed(SimulationError):
    """A run does not keep its own books: units lost or made from nothing, Little's law broken, negative stock."""

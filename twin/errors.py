"""The error tree of the twin.

::

    TwinError                     base: its text is one line that says what and what to do
    ├── NotFound                  no such record, or none that the actor may see
    ├── NotAllowed                the actor's role does not permit this
    ├── Refused                   a rule of the domain forbids it: a guard, a sum, an order of steps
    │   └── IllegalTransition     this event does not exist in the record's present state
    ├── Invalid                   the content makes no sense: a negative quantity, an empty requirement
    └── Conflict                  somebody else changed the record meanwhile, or the name is taken
"""


class TwinError(Exception):
    """Base of all errors that this package raises on purpose; ``str(error)`` is one line for the user."""


class NotFound(TwinError):
    """There is no such record, or none that the actor may see: both read the same from outside."""


class NotAllowed(TwinError):
    """The actor is known, and this is not theirs to do."""


class Refused(TwinError):
    """A rule of the domain forbids it now.

    Attributes
    ----------
    missing
        What has to be there first, one phrase each: a client can show them as a list.
    """

    def __init__(self, message: str, *, missing: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.missing = missing


class IllegalTransition(Refused):
    """The event does not exist in the record's present state."""


class Invalid(TwinError):
    """The content makes no sense whatever the state."""


class Conflict(TwinError):
    """The record changed meanwhile, or what has to be unique is taken."""

"""The error tree of the twin.

::

    TwinError                     base: its text is one line that says what and what to do
    ├── NotFound                  no such record, or none that the actor may see
    ├── NotIdentified             who is calling has not been shown: a session that ended
    │   └── WrongPassword         who is signed in did not prove it again: a signature, a change of password
    ├── TooManyAttempts           too many failed attempts; again after ``retry_after`` seconds
    ├── NotAllowed                the actor's role does not permit this
    ├── Refused                   a rule of the domain forbids it: a guard, a sum, an order of steps
    │   └── IllegalTransition     this event does not exist in the record's present state
    ├── Invalid                   the content makes no sense: a negative quantity, an empty requirement
    ├── Conflict                  what has to be unique is taken, or another change is under way
    │   └── Overtaken             somebody else changed the record meanwhile
    └── Damaged                   what is kept is not what was written: a blob, a backup, a list of anchors
"""


class TwinError(Exception):
    """Base of all errors that this package raises on purpose; ``str(error)`` is one line for the user."""


class NotFound(TwinError):
    """There is no such record, or none that the actor may see: both read the same from outside."""


class NotIdentified(TwinError):
    """Who is calling has not been shown."""


class WrongPassword(NotIdentified):
    """Who is signed in did not prove again that it is they: the session goes on, the signature was not given."""


class TooManyAttempts(TwinError):
    """Too many attempts failed.

    Attributes
    ----------
    retry_after
        Seconds until the next attempt is listened to.
    """

    def __init__(self, message: str, *, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after


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
    """What has to be unique is taken, or another change is under way."""


class Overtaken(Conflict):
    """The record is no longer the version that the change was made from."""


class Damaged(TwinError):
    """What is kept is not what was written, or is gone: nothing of it is handed out as if it were whole."""

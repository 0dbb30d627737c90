"""An order in which parts go together: its steps, and what makes one order better than another."""

from dataclasses import dataclass

from geometry.arrays import BoolArray, FloatArray, IntArray
from simulation.assembly.insertion_path import Path
from simulation.assembly.moves import Looked, Motion


@dataclass(frozen=True, slots=True)
class OrderCost:
    """What makes one order better than another."""

    turn: float = 1.0
    """For each step that comes from another direction than the one before."""
    sideways: float = 1.0
    """For a part that comes from the side; twice this from below."""
    unsupported: float = 3.0
    """For a part that hangs in the air when it comes; less for one that has something beside it to be fastened to."""
    fastened: float = 1.0
    """The power of the share that a part lacks of being carried: above 1, being fastened counts for more."""
    heavy_late: float = 0.1
    """For the heaviest part coming last; less for lighter and earlier ones."""
    ahead: float = 1.0
    """For each turn before its own that a part does not wait for; where turns are known."""


USUAL_COST = OrderCost()
BUILDING_COST = OrderCost(turn=0.05, sideways=0.1, unsupported=10.0, fastened=4.0, heavy_late=0.02, ahead=3.0)
"""Where turns are known: what carries comes before what it carries, then whose turn it is; what is only fastened to
others (a beam between columns) hardly waits for more, and the side that a part comes from hardly counts."""


@dataclass(frozen=True, slots=True, eq=False)
class Due:
    """Whose turn is when."""

    level: IntArray
    """(n,) rising; -1 of what has no turn."""
    hangs: BoolArray
    """(n,) what is hung or fixed where it is, by what no model shows: that it is not carried costs nothing."""


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """Parts that are put in place together."""

    parts: tuple[int, ...]
    insertion: FloatArray | None
    """(3,) unit, the way they move into place; None: it is not known how."""
    supported: bool
    """Whether what stands then carries each of them, by its centre of gravity."""
    inner: tuple["Step", ...] = ()
    """How a group is put together beforehand; empty for a single part."""
    path: Path | None = None
    """The way in, where it is not one straight move; ``insertion`` is then the way it begins."""
    motion: Motion | None = None
    """The moves, where several parts have to be moved in turn, some of those that stand among them."""


@dataclass(frozen=True, slots=True, eq=False)
class Order:
    """An order in which parts go together."""

    steps: tuple[Step, ...]
    cost: float
    locked: tuple[int, ...] = ()
    """Parts that nothing that was tried takes apart; they come first, as one."""
    looked: Looked | None = None
    """At how many states those were looked at; None where there are none, or too many of them."""

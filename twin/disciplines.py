"""A CAPA as the eight disciplines that customers and auditors ask for by name: which are done, what the others lack."""

from dataclasses import dataclass
from datetime import datetime

from twin import capa_guards as lacks
from twin.capa import Capa, CapaState

_DISCIPLINES: tuple[tuple[str, str, tuple[lacks.Guard, ...]], ...] = (
    ("D0", "Plan and emergency response", (lacks.emergency,)),
    ("D1", "Team", (lacks.team,)),
    ("D2", "Problem", (lacks.problem,)),
    ("D3", "Interim containment", (lacks.containment,)),
    ("D4", "Root cause and escape point", (lacks.cause,)),
    ("D5", "Permanent corrective action", (lacks.plan,)),
    ("D6", "Implementation and validation", (lacks.completion, lacks.validation)),
    ("D7", "Prevention of recurrence", (lacks.prevention,)),
    ("D8", "Closure and recognition", (lacks.observation, lacks.recognition)),
)


@dataclass(frozen=True, slots=True)
class Discipline:
    """One of D0 to D8."""

    code: str
    title: str
    missing: tuple[str, ...]

    @property
    def done(self) -> bool:
        """Whether nothing is missing."""
        return not self.missing


def disciplines(capa: Capa, *, now: datetime) -> tuple[Discipline, ...]:
    """Return D0 to D8 with what each still lacks; the decisions that other people sign are part of it."""
    decided = {
        "D4": () if capa.root_cause_signature else ("approval of the root cause",),
        "D8": () if capa.state is CapaState.EFFECTIVE else ("proof that it was effective",),
    }
    return tuple(
        Discipline(code, title, tuple(p for guard in guards for p in guard(capa, now)) + decided.get(code, ()))
        for code, title, guards in _DISCIPLINES
    )

"""What the disciplines of an 8D report hold besides actions and analysis: team, problem, prevention (D1, D2, D7)."""

from dataclasses import dataclass
from enum import StrEnum

from twin.errors import Invalid
from twin.record import Evidence, Id


@dataclass(frozen=True, slots=True)
class Team:
    """Who works on it (D1)."""

    champion: Id
    """Gives the means, and answers for the result."""
    leader: Id
    """Does the work with the members."""
    members: tuple[Id, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a team of one in two chairs."""
        if not self.champion or not self.leader:
            raise Invalid("a team needs a champion and a leader")
        if self.champion == self.leader:
            raise Invalid("the champion and the leader must be two people: who gives the means does not judge the work")
        if len(set(self.members)) < len(self.members):
            raise Invalid("a team names each member once")


@dataclass(frozen=True, slots=True)
class IsIsNot:
    """One line of the is / is-not table: what is affected, what could be and is not, what tells them apart."""

    question: str
    is_so: str
    is_not: str
    distinction: str = ""


@dataclass(frozen=True, slots=True)
class ProblemStatement:
    """The problem in seven questions (5W2H) and by what it is not (D2)."""

    what: str
    where: str
    when: str
    who: str
    """Who found it, who is affected."""
    why_it_matters: str
    how: str
    """How it shows."""
    how_many: str
    is_is_not: tuple[IsIsNot, ...] = ()

    def unanswered(self) -> tuple[str, ...]:
        """Return the questions without an answer, one phrase each."""
        asked = {
            "what": self.what, "where": self.where, "when": self.when, "who": self.who,
            "why it matters": self.why_it_matters, "how": self.how, "how many": self.how_many,
        }  # fmt: skip
        return tuple(f"the problem's '{question}'" for question, answer in asked.items() if not answer.strip())


class PreventionKind(StrEnum):
    """What is changed so that it cannot happen again (D7)."""

    FMEA = "fmea"
    CONTROL_PLAN = "control_plan"
    INSPECTION_PLAN = "inspection_plan"
    PROCEDURE = "procedure"
    TRAINING = "training"
    READ_ACROSS = "read_across"
    """The same looked for, and prevented, at other places."""
    NOTHING_TO_CHANGE = "nothing_to_change"
    """Said with its reason."""


@dataclass(frozen=True, slots=True)
class Prevention:
    """One change of how work is done (D7)."""

    kind: PreventionKind
    description: str
    reference: str = ""
    """Number and revision of what was changed."""
    evidence: tuple[Evidence, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a change that says nothing."""
        if not self.description.strip():
            raise Invalid("a prevention says what was changed, or why nothing has to be")

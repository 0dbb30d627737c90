"""What an inspection looks at, by type, and what was read: no verdict is typed in as free text."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from geometry.verdict import Outcome
from twin.errors import Invalid
from twin.record import Evidence, Id, require_utc

_BEYOND = Decimal("1e12")


class CharacteristicKind(StrEnum):
    """What kind of answer is asked."""

    NUMERIC = "numeric"
    BOOLEAN = "boolean"
    CHOICE = "choice"
    TEXT = "text"
    """A note: it says something and decides nothing."""
    PHOTO = "photo"
    """Shows something and decides nothing."""


class Weight(StrEnum):
    """How much depends on it (GB 50300-2013, 3.0.7 and 5.0.1)."""

    MAIN = "main"
    """主控项目: every one must pass."""
    GENERAL = "general"
    """一般项目: at least 80 % must pass, and none may be seriously defective."""


@dataclass(frozen=True, slots=True)
class InspectionCharacteristic:
    """One thing to look at on every element of the sample."""

    id: Id
    name: str
    kind: CharacteristicKind
    weight: Weight = Weight.GENERAL
    source: str = ""
    """Standard, edition and clause."""
    lower: Decimal | None = None
    upper: Decimal | None = None
    unit: str = ""
    resolution: Decimal | None = None
    """The step in which numbers are read."""
    expected: bool = True
    """The answer that conforms, for a yes-or-no question."""
    choices: tuple[str, ...] = ()
    conforming: tuple[str, ...] = ()
    """The choices that conform."""
    required: bool = True
    photo_on_fail: bool = True

    def __post_init__(self) -> None:
        """Refuse a question that cannot be answered or not be judged."""
        if not self.name.strip():
            raise Invalid("a characteristic needs a name")
        if self.kind is CharacteristicKind.NUMERIC:
            self._check_numeric()
        if self.kind is CharacteristicKind.CHOICE:
            if len(set(self.choices)) < 2 or len(set(self.choices)) < len(self.choices):
                raise Invalid(f"'{self.name}' needs at least two choices, each once")
            if not self.conforming or not set(self.conforming) <= set(self.choices):
                raise Invalid(f"'{self.name}' must say which of its choices conform")

    @property
    def judged(self) -> bool:
        """Whether its answers decide anything."""
        return self.kind not in (CharacteristicKind.TEXT, CharacteristicKind.PHOTO)

    def _check_numeric(self) -> None:
        limits = [limit for limit in (self.lower, self.upper) if limit is not None]
        if not limits or not all(limit.is_finite() for limit in limits):
            raise Invalid(f"'{self.name}' needs a lower or an upper limit")
        if len(limits) == 2 and limits[0] >= limits[1]:
            raise Invalid(f"'{self.name}': the limits {limits[0]} .. {limits[1]} are not a range")
        if not self.unit.strip():
            raise Invalid(f"'{self.name}' needs its unit")
        if self.resolution is None or not self.resolution.is_finite() or self.resolution <= 0:
            raise Invalid(f"'{self.name}' needs the step in which it is read, such as 0.1 or 1 {self.unit}")


@dataclass(frozen=True, slots=True)
class Reading:
    """One answer for one element."""

    characteristic: Id
    global_id: str
    taken_by: Id
    taken_at: datetime
    number: Decimal | None = None
    expanded_uncertainty: Decimal | None = None
    """U (k = 2) in the characteristic's unit; None takes the instrument's."""
    instrument: str = ""
    """Serial number of the instrument that was read."""
    flag: bool | None = None
    choice: str = ""
    text: str = ""
    photos: tuple[Evidence, ...] = ()
    serious_defect: bool = False
    not_measured: str = ""
    """Why there is no answer."""

    def __post_init__(self) -> None:
        """Refuse numbers that are none, and a reason why there is no answer beside an answer."""
        require_utc(self.taken_at)
        for number in (self.number, self.expanded_uncertainty):
            if number is not None and not number.is_finite():
                raise Invalid(f"a reading is a finite number, not {number}; say why it was not measured instead")
        if self.number is not None and abs(self.number) >= _BEYOND:
            raise Invalid(f"{self.number} is beyond anything that is measured: check the digits")
        if self.expanded_uncertainty is not None and self.expanded_uncertainty < 0:
            raise Invalid(f"an uncertainty is zero or more, not {self.expanded_uncertainty}")
        answers = (self.number is not None, self.flag is not None, bool(self.choice))
        if sum(answers) > 1:
            raise Invalid("a reading holds one answer: a number, yes or no, or a choice")
        if self.not_measured and any(answers):
            raise Invalid("a reading that was not measured holds no answer")


def judge_value(
    actual: Decimal | None, lower: Decimal | None, upper: Decimal | None, expanded_uncertainty: Decimal | None
) -> Outcome:
    """Judge a value against limits with a guard band of U on each side: :func:`geometry.verdict.judge`, in decimals.

    A limit of None is not there. A value or an uncertainty of None is not measured, and that is never a pass.

    Examples
    --------
    >>> judge_value(Decimal(11), Decimal(-10), Decimal(10), Decimal(2)).value
    'indeterminate'
    """
    if actual is None or expanded_uncertainty is None:
        return Outcome.NOT_MEASURED
    low, high = actual - expanded_uncertainty, actual + expanded_uncertainty
    if (lower is None or low >= lower) and (upper is None or high <= upper):
        return Outcome.PASS
    if (lower is not None and high < lower) or (upper is not None and low > upper):
        return Outcome.FAIL
    return Outcome.INDETERMINATE


def judge_reading(
    characteristic: InspectionCharacteristic, reading: Reading | None, instrument_uncertainty: Decimal | None = None
) -> Outcome:
    """Judge one answer; no answer is not measured. Notes and pictures cannot be judged and are not asked."""
    if reading is None or reading.not_measured:
        return Outcome.NOT_MEASURED
    if characteristic.kind is CharacteristicKind.NUMERIC:
        own = reading.expanded_uncertainty
        uncertainty = instrument_uncertainty if own is None else own
        return judge_value(reading.number, characteristic.lower, characteristic.upper, uncertainty)
    if characteristic.kind is CharacteristicKind.BOOLEAN:
        if reading.flag is None:
            return Outcome.NOT_MEASURED
        return Outcome.PASS if reading.flag is characteristic.expected else Outcome.FAIL
    if characteristic.kind is CharacteristicKind.CHOICE and reading.choice:
        return Outcome.PASS if reading.choice in characteristic.conforming else Outcome.FAIL
    return Outcome.NOT_MEASURED

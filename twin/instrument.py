"""A measuring instrument as it was when it was used, with its calibration (ISO 9001:2015 7.1.5.2)."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from twin.errors import Invalid, Refused
from twin.record import Evidence


@dataclass(frozen=True, slots=True)
class Instrument:
    """One instrument: kept with the record, so that the record stays true when the register changes."""

    serial: str
    kind: str
    """``laser scanner``, ``tape``, ``level``, ``straightedge`` ..."""
    calibrated_on: date
    calibrated_until: date
    expanded_uncertainty: Decimal | None = None
    """U (k = 2) of one reading, in the unit of what it reads; None when the certificate does not say."""
    unit: str = "mm"
    certificate: Evidence | None = None

    def __post_init__(self) -> None:
        """Refuse an instrument that cannot be told from others, or dates that cannot be."""
        if not self.serial.strip() or not self.kind.strip():
            raise Invalid("an instrument needs its kind and its serial number")
        if self.calibrated_until < self.calibrated_on:
            raise Invalid(
                f"{self}: calibrated on {self.calibrated_on} until {self.calibrated_until}, which is earlier; "
                "check both dates on the certificate"
            )
        uncertainty = self.expanded_uncertainty
        if uncertainty is not None and (not uncertainty.is_finite() or uncertainty < 0):
            raise Invalid(f"{self}: an uncertainty is zero or more, not {uncertainty}")

    def __str__(self) -> str:
        """Return the kind and serial number, for one line of text."""
        return f"{self.kind} {self.serial}"

    def is_calibrated(self, day: date) -> bool:
        """Say whether the calibration held on that day, both ends included."""
        return self.calibrated_on <= day <= self.calibrated_until


def require_calibrated(instrument: Instrument, day: date) -> Instrument:
    """Return the instrument if its calibration held on ``day``; otherwise raise :class:`Refused`."""
    if instrument.is_calibrated(day):
        return instrument
    if day < instrument.calibrated_on:
        raise Refused(
            f"{instrument} was calibrated on {instrument.calibrated_on}, after the {day} of the measurement: "
            "name the calibration that held then",
            missing=("a calibration that held on the day of the measurement",),
        )
    raise Refused(
        f"the calibration of {instrument} expired on {instrument.calibrated_until}, before {day}: "
        "have it calibrated, or use another one",
        missing=("a calibrated instrument",),
    )

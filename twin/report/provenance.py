"""What a report rests on: files by hash, version, seed and parameters; no clock unless one is passed in."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from geometry.source import SourceFile
from twin.result import CheckResult

FIXED_TIME = datetime(1980, 1, 1, tzinfo=UTC)
"""Stands in file formats that insist on a date when none was passed in: the earliest that a zip entry can hold."""

_NAMESPACE = uuid.UUID("6f1d0c1e-5d0e-5c8a-9a55-6b3c1f5f8b7a")


@dataclass(frozen=True, slots=True)
class Provenance:
    """Inputs and settings of a check, as the reports print them."""

    model: SourceFile
    scans: tuple[SourceFile, ...]
    version: str
    """Version of qtems."""
    seed: int
    parameters: Mapping[str, object] = field(default_factory=dict[str, object])
    """Plain JSON values."""
    created: datetime | None = None
    """When the check was made, as the caller says; None = not stated, so that the same run gives the same bytes."""

    @staticmethod
    def of(result: CheckResult, version: str, created: datetime | None = None) -> "Provenance":
        """Return the provenance that the result itself carries, completed by the version and, if wanted, a time."""
        return Provenance(
            result.design.source, result.scan.sources, version, result.seed, dict(result.parameters), created
        )

    @property
    def timestamp(self) -> datetime:
        """The time for formats that insist on one, in UTC."""
        return FIXED_TIME if self.created is None else self.created.astimezone(UTC)

    def identifier(self, *parts: str) -> str:
        """Return a UUID that depends on the model, the scans and ``parts`` only.

        Examples
        --------
        >>> model = SourceFile("a.ifc", "00", "IFC4")
        >>> a, b = (Provenance(model, (), "1", seed=0).identifier("topic", "2O2Fr$t4X7Zf8NOew3FNr2") for _ in "12")
        >>> a == b
        True
        """
        key = "\x1f".join((self.model.sha256, *(scan.sha256 for scan in self.scans), *parts))
        return str(uuid.uuid5(_NAMESPACE, key))

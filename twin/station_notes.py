"""What people are told about stations that do not agree with each other."""

import numpy as np

from geometry.note import Note
from geometry.scan import Scan
from geometry.station_agreement import StationAgreement
from twin.station_sights import station_name

_MUCH = 0.002
"""Metres. A scatter of stations from which one should look at how they were registered."""


def agreement_notes(scan: Scan, agreement: StationAgreement) -> tuple[Note, ...]:
    """Return a line for each station that was left out, and one where the others scatter much."""
    notes = tuple(
        Note(
            "station_aside",
            "{name} was registered {mm} mm beside the other stations, as {planes} small surfaces show that it shares "
            "with them: its points were left out; register it again and repeat the check",
            name=station_name(scan, int(k)),
            mm=f"{1e3 * float(np.linalg.norm(agreement.shift[k])):.0f}",
            planes=str(int(agreement.planes[k])),
        )
        for k in np.flatnonzero(agreement.aside)
    )
    if agreement.known and agreement.scatter > _MUCH:
        notes += (
            Note(
                "stations_scatter",
                "the stations lie {mm} mm beside each other (standard deviation), as surfaces show that they share: "
                "that is part of U; have their registration looked at",
                mm=f"{1e3 * agreement.scatter:.1f}",
            ),
        )
    return notes

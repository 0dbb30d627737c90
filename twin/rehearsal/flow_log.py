"""The event log of one run as a Parquet table, and the way of each unit through the line as keyframes."""

import io
import json
from collections.abc import Sequence
from dataclasses import dataclass

from simulation.errors import SimulationError
from simulation.flow.engine import Happening
from simulation.flow.model import SCRAP, SHIP
from simulation.flow.time_unit import SECONDS

LOG_SCHEMA, FRAMES_SCHEMA = "qtems.events/1", "qtems.keyframes/1"
_MOST_UNITS = 2_000
_LAST_SECOND = 8000.0 * 365.0 * 86400.0
"""From 1970."""
_AT = ("arrive", "start", "finish")


@dataclass(frozen=True, slots=True)
class Logged:
    """One run that was written down."""

    log: tuple[Happening, ...]
    until: float
    """The log ends here, line's unit."""
    time_unit: str


def events_parquet(logged: Logged, sha256: str, seed: int) -> bytes:
    """Return the log as a Parquet file: one row per event and unit (as an object-centric event log, OCEL 2.0)."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    log = logged.log
    times = [one.time for one in log]
    table = pa.table(
        {
            "event_id": pa.array(range(len(log)), pa.int64()),
            "activity": pa.array([one.activity for one in log]).dictionary_encode(),
            "time": pa.array(times, pa.float64()),
            "time_s": pa.array([time * SECONDS[logged.time_unit] for time in times], pa.float64()),
            "object_id": pa.array([one.unit or None for one in log], pa.int64()),
            "object_type": pa.array([one.kind or None for one in log], pa.string()).dictionary_encode(),
            "station": pa.array([one.station or None for one in log], pa.string()).dictionary_encode(),
            "machine": pa.array([one.machine if one.station else None for one in log], pa.int32()),
        }
    ).replace_schema_metadata(
        {"schema": LOG_SCHEMA, "time_unit": logged.time_unit, "line_sha256": sha256, "seed": str(seed), "run": "0"}
    )
    sink = io.BytesIO()
    pq.write_table(table, sink, compression="zstd")
    return sink.getvalue()


def ocel_json(logged: Logged, sha256: str, seed: int) -> bytes:
    """Return the log as an object-centric event log, OCEL 2.0 JSON (ocel-standard.org), for process mining.

    Objects are the units; stations and machines are attributes of the events. The line's clock begins in 1970.

    Raises
    ------
    SimulationError
        The run ends after the year 9999, where OCEL's dates end.
    """
    from datetime import UTC, datetime, timedelta

    begin = datetime(1970, 1, 1, tzinfo=UTC)
    if logged.log and logged.log[-1].time * SECONDS[logged.time_unit] > _LAST_SECOND:
        raise SimulationError("OCEL's dates end with the year 9999, and the run after it: write csv or parquet")
    activities = sorted({one.activity for one in logged.log})
    kinds = {one.unit: one.kind for one in logged.log if one.unit}
    attributes = [{"name": "station", "type": "string"}, {"name": "machine", "type": "integer"}]
    events = list[dict[str, object]]()
    for index, one in enumerate(logged.log):
        at = begin + timedelta(seconds=one.time * SECONDS[logged.time_unit])
        more = [("station", one.station), ("machine", one.machine)] if one.station else []
        events.append(
            {
                "id": f"e{index}", "type": one.activity, "time": at.isoformat().replace("+00:00", "Z"),
                "attributes": [{"name": name, "value": value} for name, value in more],
                "relationships": [{"objectId": f"u{one.unit}", "qualifier": "unit"}] if one.unit else [],
            }
        )  # fmt: skip
    run = {"id": "run", "type": "run", "attributes": [
        {"name": name, "time": "1970-01-01T00:00:00Z", "value": value}
        for name, value in (("line_sha256", sha256), ("seed", str(seed)))
    ], "relationships": []}  # fmt: skip
    units = [{"id": f"u{unit}", "type": kind, "attributes": [], "relationships": []} for unit, kind in kinds.items()]
    document = {
        "eventTypes": [{"name": name, "attributes": attributes} for name in activities],
        "objectTypes": [
            *({"name": kind, "attributes": []} for kind in sorted(set(kinds.values()))),
            {"name": "run", "attributes": [{"name": name, "type": "string"} for name in ("line_sha256", "seed")]},
        ],
        "events": events, "objects": [run, *units],
    }  # fmt: skip
    return (json.dumps(document, ensure_ascii=False, separators=(",", ":")) + "\n").encode("utf-8", "replace")


def events_csv(parquet: bytes) -> bytes:
    """Return the rows of ``events_parquet`` as CSV."""
    import pyarrow as pa
    import pyarrow.parquet as pq
    from pyarrow import csv

    sink = io.BytesIO()
    table = pq.read_table(io.BytesIO(parquet))
    for index, field in enumerate(table.schema):
        if pa.types.is_dictionary(field.type):
            table = table.set_column(index, field.name, table.column(index).cast(pa.string()))
    csv.write_csv(table, sink)
    return sink.getvalue()


def keyframes_json(logged: Logged) -> bytes:
    """Return where each of the first units was when: ``[time, station, activity]``, ending with its way out."""
    units = dict[int, dict[str, object]]()
    tracks = dict[int, list[list[object]]]()
    for one in logged.log:
        if not one.unit or one.activity not in (*_AT, "enter", "made", SHIP, SCRAP):
            continue
        if one.unit not in tracks:
            if len(tracks) >= _MOST_UNITS:
                continue
            units[one.unit], tracks[one.unit] = {"id": one.unit, "kind": one.kind}, []
        tracks[one.unit].append([float(f"{one.time:.9g}"), one.station or one.activity, one.activity])
    document = {
        "schema": FRAMES_SCHEMA,
        "time_unit": logged.time_unit,
        "until": logged.until,
        "units": [units[number] | {"track": track} for number, track in tracks.items()],
    }
    return (json.dumps(document, ensure_ascii=False, separators=(",", ":")) + "\n").encode("utf-8", "replace")


def first_part(log: Sequence[Happening], until: float, most_blocks: int = 240) -> float:
    """Return until when a Gantt chart of the first part of a run stays readable."""
    finishes = [one.time for one in log if one.activity == "finish"]
    return finishes[most_blocks - 1] if len(finishes) >= most_blocks else min(until, log[-1].time if log else until)

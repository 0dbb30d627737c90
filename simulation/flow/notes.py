"""What a result rests on, said with it."""

from geometry.note import Note
from simulation.flow.load import loads
from simulation.flow.model import Clock, Line


def notes_on(line: Line) -> tuple[str, ...]:
    """Return the assumptions of a line, and what is strange about it."""
    notes = [Note("flow_independent", "All times and events are independent of each other.")]
    if line.slot:
        text = "Time goes by in slots; buffers change at their end, and count the unit in work after them."
        return (*notes, Note("flow_slots", text))
    if any(station.failures for station in line.stations):
        clocks = {failure.clock for station in line.stations for failure in station.failures}
        if Clock.BUSY in clocks:
            notes.append(Note("flow_clock_busy", "Clock 'busy': a machine wears only while it works."))
        if Clock.UP in clocks:
            notes.append(Note("flow_clock_up", "Clock 'up': a machine wears whenever it is not down, also idle."))
        if Clock.CALENDAR in clocks:
            text = "Clock 'calendar': failures come whatever happens; one that falls into a repair is nothing."
            notes.append(Note("flow_clock_calendar", text))
    endless = [station.name for station in line.stations if station.capacity == float("inf")]
    if endless:
        text = "{names}: as many units as come may wait there."
        notes.append(Note("flow_no_limit", text, names=", ".join(endless)))
    for name, load in loads(line).items():
        if load >= 1.0:
            text = "{name}: asked for {load} of what it can do; what waits there grows without end."
            notes.append(Note("flow_overloaded", text, name=name, load=f"{100 * load:.0f} %"))
    if any(station.inspection for station in line.stations):
        text = "Each look finds each defect by chance, independently of earlier looks."
        notes.append(Note("flow_looks_independent", text))
    if any(source.lost_when_full for source in line.sources):
        notes.append(Note("flow_lost", "Units that find no place at their arrival are lost, and counted as lost."))
    return tuple(notes)

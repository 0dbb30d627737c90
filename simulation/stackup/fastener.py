"""Floating and fixed fasteners: how far holes may be off so that the screw always goes in.

Source: ASME Y14.5-2018, appendix B: floating fastener H = F + T, fixed fastener H = F + T1 + T2 (2 T where both parts
get the same), with H the smallest hole, F the largest fastener and T the diameter of the position zone.
"""


def floating_position_tolerance(smallest_hole: float, largest_fastener: float) -> float:
    """Return the diameter of the position zone for each part when the fastener passes through clearance holes in all.

    Examples
    --------
    >>> round(floating_position_tolerance(22.0, 20.0), 9)
    2.0
    """
    return _room(smallest_hole, largest_fastener)


def fixed_position_tolerance(smallest_hole: float, largest_fastener: float) -> float:
    """Return the diameter of the position zone for each of two parts when the fastener is fixed in one of them.

    The projected zone of the fixed part is assumed, so that a leaning fastener needs no more.

    Examples
    --------
    >>> round(fixed_position_tolerance(22.0, 20.0), 9)
    1.0
    """
    return 0.5 * _room(smallest_hole, largest_fastener)


def _room(smallest_hole: float, largest_fastener: float) -> float:
    if not 0.0 < largest_fastener <= smallest_hole:
        raise ValueError(f"a fastener of {largest_fastener} does not pass a hole of {smallest_hole}")
    return smallest_hole - largest_fastener

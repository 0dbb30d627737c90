"""The sample building on paper: what every part is, where it is and what it is made of. Metres, z up.

Two storeys on a 12 x 9 m plan. The north-east corner of the ground floor is an open porch on steel columns, the upper
storey covers only the western two thirds and the rest is a terrace: no turn and no mirror image looks the same.
"""

from samples.part import Part
from samples.plan_services import services
from samples.plan_structure import structure
from samples.plan_walls import walls_and_fillings


def whole_building() -> tuple[Part, ...]:
    """Return all parts; names are unique.

    Examples
    --------
    >>> len({part.name for part in whole_building()}) == len(whole_building())
    True
    """
    return (*structure(), *walls_and_fillings(), *services())

"""What has to be said of a table of units before anything is learnt from it."""

from geometry.note import Note


def assumed(escape: float, action: float) -> Note:
    """Say that no costs were given."""
    text = "No costs were given: an escaped defect counts {escape}, acting on a unit {action}; the threshold follows."
    return Note("quality_assumed", text, escape=f"{escape:g}", action=f"{action:g}")


def in_order() -> Note:
    """Say that the order of the rows counts as that of time."""
    return Note("quality_in_order", "The rows count as being in the order in which the units were made.")


def twice(count: int) -> Note:
    """Say that copies were left out."""
    text = "Rows that are the same as an earlier one in every column are left out: {count}."
    return Note("quality_twice", text, count=str(count))


def unjudged(file: str, count: int, of: int) -> Note:
    """Say that some new units have no outcome."""
    text = "{file}: the outcome is missing of {count} of {all} units, so what was said of them is not scored."
    return Note("quality_unjudged", text, file=file, count=str(count), all=str(of))


def another_model() -> Note:
    """Say that learning anew gave another model."""
    text = "Learnt anew, the model is not the one that was tried then: other versions of libraries learn otherwise."
    return Note("quality_another_model", text)

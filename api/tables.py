"""Tables on the terminal."""

from typing import TYPE_CHECKING

from twin.rehearsal.figures import are_figures

if TYPE_CHECKING:
    from api.summary import ResultConsole


def print_table(console: "ResultConsole", heads: list[str], rows: list[list[str]]) -> None:
    """Print a table, words to the left and figures to the right, the first column to the left; nothing without rows."""
    from rich import box
    from rich.table import Table

    if not rows:
        return
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for index, head in enumerate(heads):
        right = index > 0 and are_figures(row[index] for row in rows)
        table.add_column(head, justify="right" if right else "left", overflow="fold")
    for row in rows:
        table.add_row(*row)
    console.print(table)

"""Tables on the terminal."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from api.summary import ResultConsole


def print_table(console: "ResultConsole", heads: list[str], rows: list[list[str]]) -> None:
    """Print a table whose first column is text and whose others are figures; nothing without rows."""
    from rich import box
    from rich.table import Table

    if not rows:
        return
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for index, head in enumerate(heads):
        table.add_column(head, justify="right" if index else "left", overflow="fold")
    for row in rows:
        table.add_row(*row)
    console.print(table)

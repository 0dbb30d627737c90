"""Opening databases: what is no database is answered with one line."""

from pathlib import Path

import pytest

from twin.errors import Invalid
from twin.store.database import open_database


@pytest.mark.parametrize(
    ("url", "text"),
    [("nonsense", "no database URL"), ("mysql://x/y", "mysql is not supported"), ("sqlite://", "needs a file")],
)
def test_what_is_no_database(url: str, text: str) -> None:
    with pytest.raises(Invalid, match=text):
        open_database(url)


def test_the_folder_of_an_sqlite_file_is_made(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path / 'a' / 'b' / 'qtems.db'}")
    with database.read() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
    database.close()

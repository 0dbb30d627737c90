"""``qtems database`` and ``qtems audit``: looking after what a server keeps, on the machine that may."""

import argparse
import getpass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from api.exit_codes import ExitCode
from api.process import keep_files_private

if TYPE_CHECKING:
    from collections.abc import Iterable

    from api.parser import Commands
    from api.settings import Settings
    from twin.audit import Verification
    from twin.store.blobs import BlobStore
    from twin.store.database import Database
    from twin.store.repository import Context, Store

DATABASE_HELP = """\
examples:
  qtems database upgrade                     bring the tables to what this version works with
  qtems database backup quality.qtems        everything into one archive: records, audit trail, files
  qtems database check quality.qtems         is the archive whole? touches nothing
  qtems database restore quality.qtems --data-dir other
                                             into an empty place, also of another kind of database
  qtems database tidy                        remove files older than a day that no record refers to, and make what
                                             older versions did not keep: checks are then shown at once
"""
AUDIT_HELP = """\
examples:
  qtems audit verify                         go through every stream of the trail, hold every record against it
  qtems audit anchor heads.txt --key key     append the signed heads to a file that is kept elsewhere
  qtems audit verify heads.txt --key key     hold the trail against them: that shows a cut tail, a rewritten whole
  openssl genpkey -algorithm ed25519 -out key
                                             makes a key; whoever verifies needs its public half alone

exit status: 0 the trail holds, 1 it does not, 2 something cannot be read
"""


def add_commands(add: "Commands") -> None:
    """Add both commands to the command line."""
    database = add.add_parser(
        "database",
        help="upgrade, back up and restore what a server keeps",
        description="Looks after the database and files of a server.",
        epilog=DATABASE_HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    database.add_argument("do", choices=("upgrade", "backup", "check", "restore", "tidy"), help="what to do")
    database.add_argument("archive", nargs="?", type=Path, metavar="ARCHIVE", help="the file to write or read")
    _add_places(database)
    audit = add.add_parser(
        "audit",
        help="verify the audit trail, anchor it outside the database",
        description="Verifies the hash-chained audit trail; keeps its heads where the database's owner cannot reach.",
        epilog=AUDIT_HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    audit.add_argument("do", choices=("verify", "anchor"), help="what to do")
    audit.add_argument("anchors", nargs="?", type=Path, metavar="FILE", help="the list of signed heads")
    audit.add_argument("--key", type=Path, metavar="FILE", help="Ed25519 key as PEM, or a secret of 32 bytes or more")
    _add_places(audit)


def _add_places(parser: argparse.ArgumentParser) -> None:
    from api.serve import add_places

    add_places(parser)


def run_database(arguments: argparse.Namespace) -> int:
    """Run ``qtems database``."""
    keep_files_private()
    from twin.errors import Invalid
    from twin.store.upgrade import newest_revision, upgrade

    if arguments.do not in ("upgrade", "tidy") and arguments.archive is None:
        raise Invalid(f"name the archive: qtems database {arguments.do} FILE")
    if arguments.do == "check":
        from twin.operations.backup import summary
        from twin.store.backup import check_backup

        _print_archive("whole", arguments.archive, summary(check_backup(arguments.archive)))
        return ExitCode.CONFORMS
    settings, database = _open(arguments)
    try:
        if arguments.do == "upgrade":
            upgrade(database)
            print(f"the database is at revision {newest_revision()}")
        elif arguments.do == "tidy":
            _tidy(settings, database)
        else:
            _archive(arguments, settings, database)
    finally:
        database.close()
    return ExitCode.CONFORMS


def _tidy(settings: "Settings", database: "Database") -> None:
    from twin.operations.missing_glances import make_missing_glances
    from twin.store.blob_register import remove_garbage
    from twin.store.upgrade import require_current

    require_current(database)
    store, blobs = _store(database), _blobs(settings)
    with store.write(_context()) as unit:
        removed = remove_garbage(unit, blobs)
    size = sum(content.size for content in removed) / 1e6
    print(f"removed {len(removed)} files of {size:.1f} MB that no record refers to")
    made = make_missing_glances(store, blobs, _context())
    if made:
        print(f"checks of earlier versions that are now shown as quickly as new ones: {made}")


def _archive(arguments: argparse.Namespace, settings: "Settings", database: "Database") -> None:
    from twin.operations.backup import backup, restore, summary
    from twin.store.upgrade import require_current

    store, blobs = _store(database), _blobs(settings)
    if arguments.do == "backup":
        require_current(database)
        _print_archive("wrote", arguments.archive, summary(backup(store, blobs, _context(), arguments.archive)))
    else:
        _print_archive("restored", arguments.archive, summary(restore(store, blobs, _context(), arguments.archive)))


def run_audit(arguments: argparse.Namespace) -> int:
    """Run ``qtems audit``; the exit status says whether the trail holds."""
    keep_files_private()
    from twin.errors import Invalid
    from twin.operations.anchors import read_checker, read_signer, verify_anchors, verify_streams, write_anchors
    from twin.store.upgrade import require_current

    file: Path | None = arguments.anchors
    if file is not None and arguments.key is None:
        raise Invalid("the heads in a file are signed: name the key with --key")
    if arguments.do == "anchor" and file is None:
        raise Invalid("name the file to append to: qtems audit anchor FILE --key KEY")
    _, database = _open(arguments)
    try:
        require_current(database)
        store = _store(database)
        if file is None:
            return _print_trail(verify_streams(store), "without anchors: a cut tail would not show")
        if arguments.do == "verify":
            return _print_trail(verify_anchors(store, file, read_checker(arguments.key)), "")
        heads = write_anchors(store, _context(), file, read_signer(arguments.key))
        print(f"{len(heads)} heads appended to {file}; keep a copy where nobody here can reach it")
        return ExitCode.CONFORMS
    finally:
        database.close()


def _print_trail(found: "Iterable[Verification]", remark: str) -> int:
    streams = list(found)
    broken = [one for one in streams if not one.holds]
    for one in broken:
        if one.first_bad is not None:
            print(f"{one.stream}: broken at event {one.first_bad}: {one.reason}")
        for fault in one.faults:
            print(f"{one.stream}: {fault.kind} {fault.id} {fault.fault}: {fault.reason}")
        if one.faulty > len(one.faults):
            print(f"{one.stream}: and {one.faulty - len(one.faults)} more that are not as the trail says")
    events = sum(one.events for one in streams)
    said = "the trail does not hold" if broken else "the trail holds"
    records = sum(one.records for one in streams)
    print(f"{said}: {events} events in {len(streams)} streams, {records} records{f' ({remark})' if remark else ''}")
    return ExitCode.FAILED if broken else ExitCode.CONFORMS


def _print_archive(verb: str, archive: Path, holds: "dict[str, int | str]") -> None:
    size = int(holds["bytes"]) / 1e6
    print(
        f"{verb} {archive}: {holds['rows']} rows, {holds['files']} files of {size:.1f} MB, revision {holds['revision']}"
    )


def _open(arguments: argparse.Namespace) -> "tuple[Settings, Database]":
    from api.serve import settings_of
    from twin.store.database import open_database

    settings = settings_of(arguments)
    return settings, open_database(settings.database_url)


def _store(database: "Database") -> "Store":
    from twin.store.repository import Store

    return Store(database)


def _blobs(settings: "Settings") -> "BlobStore":
    from twin.store.blobs import open_blobs

    return open_blobs(settings.blob_url)


def _context() -> "Context":
    from twin.record import Actor
    from twin.store.repository import Context

    return Context(Actor("0" * 32, f"command line ({getpass.getuser()})"), datetime.now(UTC), origin="command line")

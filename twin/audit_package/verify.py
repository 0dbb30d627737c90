#!/usr/bin/env python3
"""Verify an audit package. It needs Python 3.9 or newer and nothing else, not even the software that wrote it.

    python3 verify.py [FOLDER] [--head HEX]

FOLDER is where the archive was unpacked; without it, where this program lies. HEAD is the hash of the newest event as
it was kept elsewhere: only that shows that the newest events were cut off, or that all of it was written anew.

It checks that
  1. each event follows from the one before: SHA-256 of the hash before and the event's own JSON (sorted keys, no
     blanks, UTF-8), from 32 zero bytes on, the numbers without a gap, the last as the manifest says;
  2. each record is as its last event left it, by version and SHA-256, none missing, none that no event tells of;
  3. each file is what its name says, its SHA-256; which files records refer to and are not here is listed;
  4. each signature of the list stands in an event or a record, and the list is complete.
Exit status: 0 all holds; 1 something does not; 2 this is no audit package.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import re
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

SIGNATURE = ("content_sha256", "meaning", "role", "signed_at", "signer", "signer_name")
"""The fields of a signature, in the order of their names."""
_NAME = re.compile(r"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")
_UNREADABLE = (OSError, ValueError, KeyError, TypeError, AttributeError)


def canonical(value: Any) -> bytes:
    """Return the one text that a value has (RFC 8785 for JSON without floating-point numbers)."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def signatures_in(value: Any) -> Iterator[tuple[str, ...]]:
    """Yield every signature in a value, as the row of the list that it makes."""
    if isinstance(value, dict):
        if set(SIGNATURE) <= set(value):
            yield tuple(_cell(str(value[name])) for name in SIGNATURE)
        for part in value.values():
            yield from signatures_in(part)
    elif isinstance(value, list):
        for part in value:
            yield from signatures_in(part)


def _cell(text: str) -> str:
    """Return a text as it stands in the list: a spreadsheet takes none for a formula."""
    return "'" + text if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def _lines(path: Path) -> Iterator[Any]:
    with path.open(encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)


@dataclass
class Package:
    """What lies in a folder, and what has been read of it."""

    folder: Path
    manifest: dict[str, Any]
    last: dict[str, tuple[int, str]] = field(default_factory=dict)
    """Record -> version and digest that its last event names."""
    signatures: set[tuple[str, ...]] = field(default_factory=set)
    named: set[str] = field(default_factory=set)
    """What records refer to."""

    def faults(self, head: str) -> Iterator[str]:
        """Yield everything that does not hold, a line each."""
        for part in (self._trail(head), self._records(), self._files(), self._listed()):
            try:
                yield from part
            except _UNREADABLE as error:
                yield f"it cannot be read: {type(error).__name__}: {error}"

    def _trail(self, head: str) -> Iterator[str]:
        previous, number = bytes(32), 0
        for link in _lines(self.folder / "trail.jsonl"):
            content = link["content"]
            number += 1
            if content["seq"] != number:
                yield f"trail: event {number} is missing, {content['seq']} follows"
                return
            previous = hashlib.sha256(previous + canonical(content)).digest()
            if previous.hex() != link["hash"]:
                yield f"trail: event {number} is not what was written"
                return
            if content["stream"] != self.manifest["project"]:
                yield f"trail: event {number} is of another project"
            if content.get("version"):
                self.last[content["entity"]] = (content["version"], content.get("record_sha256", ""))
            self.signatures.update(signatures_in([content.get("before"), content.get("after")]))
        if (number, previous.hex()) != (self.manifest["events"], self.manifest["head"]):
            yield f"trail: it ends at event {number}, the manifest says {self.manifest['events']}"
        if head and previous.hex() != head.lower():
            yield f"trail: its head {previous.hex()} is not the one that was kept elsewhere"

    def _records(self) -> Iterator[str]:
        seen: set[str] = set()
        newest = ""
        for record in _lines(self.folder / "records.jsonl"):
            entity, body = record["entity"], record["body"]
            if seen and entity <= newest:
                yield f"records: {entity} does not stand where it belongs, or stands there twice"
            newest = entity
            seen.add(entity)
            if entity not in self.last:
                yield f"records: no event tells of {entity}"
            elif (record["version"], hashlib.sha256(canonical(body)).hexdigest()) != self.last[entity]:
                yield f"records: {entity} is not as its last event left it"
            self.signatures.update(signatures_in(body))
            self.named.update(_NAME.findall(json.dumps(body)))
        for entity in sorted(set(self.last) - seen):
            yield f"records: {entity} is missing"
        if len(seen) != self.manifest["records"]:
            yield f"records: there are {len(seen)}, the manifest says {self.manifest['records']}"

    def _files(self) -> Iterator[str]:
        folder = self.folder / "files"
        here = {path.name for path in folder.iterdir()} if folder.is_dir() else set[str]()
        for name in sorted(here):
            digest = hashlib.sha256()
            with (folder / name).open("rb") as file:
                for piece in iter(lambda: file.read(1 << 20), b""):
                    digest.update(piece)
            if digest.hexdigest() != name:
                yield f"files: {name} is not what its name says"
        told, left_out = ({one["sha256"] for one in self.manifest[key]} for key in ("files", "left_out"))
        for name in sorted(told - here):
            yield f"files: {name} is missing"
        for name in sorted((here - told) | ((told | left_out) - self.named)):
            yield f"files: {name} does not belong here, by manifest and records"

    def _listed(self) -> Iterator[str]:
        with (self.folder / "signatures.csv").open(encoding="utf-8-sig", newline="") as file:
            listed = [tuple(row[name] for name in SIGNATURE) for row in csv.DictReader(file)]
        for row in sorted(set(listed) - self.signatures):
            yield f"signatures: no event and no record has that of {row[-1]}, {row[3]}"
        for row in sorted(self.signatures - set(listed)):
            yield f"signatures: that of {row[-1]}, {row[3]}, is not in the list"
        if len(listed) != self.manifest["signatures"]:
            yield f"signatures: there are {len(listed)}, the manifest says {self.manifest['signatures']}"


def read_package(folder: Path) -> Package:
    """Return the package in a folder; ValueError when there is none."""
    try:
        manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
        if manifest["schema"] == "qtems.audit_package/1":
            return Package(folder, manifest)
    except _UNREADABLE as error:
        raise ValueError(f"{folder} is no audit package: {error}") from error
    raise ValueError(f"{folder} is no audit package of a kind that this program knows")


def main() -> int:
    """Verify, and say what does not hold."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, default=Path(__file__).resolve().parent)
    parser.add_argument("--head", default="", help="hash of the newest event, as it was kept elsewhere")
    given = parser.parse_args()
    try:
        package = read_package(given.folder)
    except ValueError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    faults = list(package.faults(given.head))
    told = package.manifest
    say = sys.stdout.write
    for fault in faults:
        say(f"WRONG  {fault}\n")
    say(
        f"{told['events']} events, {told['records']} records, {len(told['files'])} files, {told['signatures']} "
        f"signatures; {len(told['left_out'])} files named and not in the package\nhead of the trail: {told['head']}\n"
    )
    if not given.head:
        say("compare it with the one that was kept elsewhere (--head): nothing in here shows that an end was cut off\n")
    say("DOES NOT HOLD\n" if faults else "HOLDS\n")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())

"""Writes an audit package: the trail, the records as they are, every signature, the files, and how to verify them.

What 21 CFR 11.10 (b) asks for, accurate and complete copies in human-readable and electronic form, in formats that
anybody reads without this software: JSON lines, CSV, and the files as they were given.
"""

import csv
import io
import json
import re
import zipfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

from twin.audit_package.verify import SIGNATURE, signatures_in
from twin.record import Id, Json, timestamp
from twin.store import blob_register
from twin.store.blobs import BlobStore
from twin.store.reconcile import records_of
from twin.store.trail import events, head
from twin.store.view import View

SCHEMA = "qtems.audit_package/1"
_NAME = re.compile(r"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")
_COLUMNS = ("signer_name", "meaning", "role", "signed_at", "signer", "content_sha256")
_README = """\
Audit package of the project {name} ({project})
written {at} by qtems {software}

trail.jsonl      every change, oldest first: who, when, what, from what to what, why; each with the hash that chains it
records.jsonl    every record as it is now, with the version and digest that its last event names
signatures.csv   every signature that was ever given: who, in which capacity, meaning what, when, of which content
files/           what records refer to (evidence, attachments, reports, models), each under its SHA-256
manifest.json    what is in here, and which files are not: those larger than {largest_mib} MiB
verify.py        python3 verify.py says whether all of it holds; it needs nothing but Python

项目审计包：{name}（{project}），由 qtems {software} 于 {at} 写出。
trail.jsonl 为全部变更（谁、何时、改了什么、为何），按哈希链相连；
records.jsonl 为各记录现状；signatures.csv 为全部签名；
files/ 为记录所引用的文件（以 SHA-256 命名）；manifest.json 为清单，并列出未收入的大于 {largest_mib} MiB 的文件。
运行 python3 verify.py 即可核验，无需安装本软件。
"""


@dataclass(frozen=True, slots=True)
class Package:
    """What a package holds."""

    events: int
    head: str
    records: int
    signatures: int
    files: int
    left_out: int


@dataclass(frozen=True, slots=True)
class PackageOrder:
    """Which package is asked for."""

    project: Id
    largest_mib: int = 64
    """Larger files are named, and not put in."""


def write_package(
    view: View,
    blobs: BlobStore,
    order: PackageOrder,
    target: Path,
    *,
    name: str,
    now: datetime,
    software: str,
    watch: Callable[[str, float], None] = lambda what, share: None,
) -> Package:
    """Write a project's package, all of one moment.

    Parameters
    ----------
    view
        One transaction: what others write meanwhile is not in it.
    watch
        Told what is written and which share of that is; what it raises ends the work.

    Raises
    ------
    Damaged
        If a file is not what its name says any more.
    """
    signatures = set[tuple[str, ...]]()
    named = dict[str, None]()
    count, newest = head(view.connection, order.project)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        with archive.open("trail.jsonl", "w", force_zip64=True) as out:
            for link in events(view.connection, order.project, limit=count):
                content = link.event.content()
                signatures.update(signatures_in([content.get("before", {}), content.get("after", {})]))
                out.write(_line({"content": content, "hash": link.hash.hex()}))
                if link.event.seq % 500 == 0:
                    watch("events of the trail", link.event.seq / count)
        total = 0
        with archive.open("records.jsonl", "w", force_zip64=True) as out:
            for kind, row in records_of(view.connection, order.project):
                body: dict[str, Json] = row["body"]
                signatures.update(signatures_in(body))
                named.update(dict.fromkeys(_NAME.findall(json.dumps(body))))
                out.write(_line({"entity": f"{kind}:{row['id']}", "version": row["version"], "body": body}))
                total += 1
        put, left = _write_files(view, blobs, order, archive, named, watch)
        archive.writestr("signatures.csv", _signature_list(signatures))
        manifest = {
            "schema": SCHEMA, "project": order.project, "name": name, "at": timestamp(now), "software": software,
            "events": count, "head": newest.hex(), "records": total, "signatures": len(signatures),
            "files": put, "left_out": left,
        }  # fmt: skip
        archive.writestr("manifest.json", json.dumps(manifest, ensure_ascii=False, indent=1) + "\n")
        archive.writestr("verify.py", (files("twin.audit_package") / "verify.py").read_bytes())
        told = {"name": name, "project": order.project, "at": timestamp(now), "software": software}
        archive.writestr("README.txt", _README.format(**told, largest_mib=order.largest_mib))
    return Package(count, newest.hex(), total, len(signatures), len(put), len(left))


def _write_files(
    view: View,
    blobs: BlobStore,
    order: PackageOrder,
    archive: zipfile.ZipFile,
    named: Iterable[str],
    watch: Callable[[str, float], None],
) -> tuple[list[Json], list[Json]]:
    """Write the files that records name; return which were put in and which are too large."""
    known = sorted(blob_register.sizes(view.connection, list(named)).items())
    put, left = list[Json](), list[Json]()
    for number, (name, size) in enumerate(known):
        told: Mapping[str, Json] = {"sha256": name, "size": size}
        if size > order.largest_mib * 2**20:
            left.append(dict(told))
            continue
        watch("files", number / len(known))
        with archive.open(zipfile.ZipInfo(f"files/{name}"), "w", force_zip64=True) as out:
            for piece in blobs.read(name):
                out.write(piece)
        put.append(dict(told))
    return put, left


def _line(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"


def _signature_list(signatures: set[tuple[str, ...]]) -> bytes:
    """Return the signatures as CSV that a spreadsheet opens, oldest first."""
    rows = [dict(zip(SIGNATURE, row, strict=True)) for row in signatures]
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, _COLUMNS)
    writer.writeheader()
    writer.writerows(sorted(rows, key=lambda row: [row[name] for name in ("signed_at", *_COLUMNS)]))
    return out.getvalue().encode("utf-8-sig")

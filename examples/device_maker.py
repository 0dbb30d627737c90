"""A device maker whose documents, changes and signatures survive an audit: made, packed, taken away, verified.

    .venv/bin/python examples/device_maker.py [--out FOLDER]

starts a server in a temporary folder and lets six people of a maker of infusion pumps work with it by REST: two issues
of a housing, work instructions and measurement sheets as files, inspections signed, nonconformances decided by a
signed board, a CAPA with its root cause approved. Then the project is packed for an audit and the server is gone. What
was made is counted on the way, by the requests that were granted; the package is verified by a Python that has nothing
installed, and then altered in many places, one at a time, to see whether each shows. It takes about a minute.
"""

import argparse
import io
import json
import random
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from math import sqrt
from pathlib import Path
from time import sleep
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from scripts.rest_people import API, PASSWORD, Person, Trace, enter, found_project, own_server  # noqa: E402

PEOPLE = {
    "olga": ("owner", ["customer"]),
    "quinn": ("quality_manager", ["quality_manager"]),
    "rosa": ("quality_manager", ["quality_manager"]),
    "ines": ("inspector", ["inspector"]),
    "dora": ("designer", ["design_authority"]),
    "carl": ("site_manager", ["contractor"]),
}
BORE = {
    "id": "c1", "name": "bore diameter", "kind": "numeric", "source": "DRW-104 B, 4.2", "lower": "7.95",
    "upper": "8.05", "unit": "mm", "resolution": "0.01", "weight": "main",
}  # fmt: skip
GAUGE = {
    "serial": "BG-11", "kind": "bore gauge", "calibrated_on": "2026-01-01", "calibrated_until": "2030-01-01",
    "expanded_uncertainty": "0.005", "unit": "mm",
}  # fmt: skip
LOTS = (("8.01", "8.00", "7.99"), ("8.02", "8.06", "8.00"), ("8.00", "8.08", "8.01"))
"""Bores of three lots; a lot with a bore beyond its limits becomes a nonconformance."""

FACES = ((1, 2, 4, 3), (5, 7, 8, 6), (1, 5, 6, 2), (3, 4, 8, 7), (1, 3, 7, 5), (2, 6, 8, 4))
"""Corners of a block's sides."""


@dataclass
class Made:
    """What the requests made, counted as they were granted."""

    documents: set[str] = field(default_factory=set[str])
    """SHA-256 of every file that was handed in."""
    signatures: int = 0
    changes: int = 0
    """Records made and steps taken with them."""


@dataclass
class Maker:
    """The people, their project, and what they have made."""

    people: dict[str, Person]
    root: str
    ids: dict[str, str]
    """Serial number -> the GlobalId that a reader gives a part of that name."""
    made: Made = field(default_factory=Made)

    def id_of(self, login: str) -> str:
        """Return somebody's identifier."""
        return str(self.people[login].quiet("GET", "/auth/me")["user"]["id"])

    def document(self, who: str, name: str, content: bytes, kind: str = "document") -> dict[str, str]:
        """Hand a file in; return it as evidence."""
        self.people[who].upload(self.root, name, content)
        digest = sha256(content).hexdigest()
        self.made.documents.add(digest)
        return {"kind": kind, "sha256": digest, "description": name, "media_type": "text/plain"}

    def make(self, who: str, noun: str, given: object) -> str:
        """Make a record; return its address."""
        self.made.changes += 1
        return f"{self.root}/{noun}/{self.people[who].quiet('POST', f'{self.root}/{noun}', given)['id']}"

    def do(self, who: str, path: str, verb: str, given: object = None) -> Any:
        """Take a step with a record."""
        self.made.changes += 1
        return self.people[who].step(path, verb, given)

    def sign(self, who: str, path: str, verb: str = "sign", **more: object) -> Any:
        """Sign, with the password asked for again (21 CFR 11.200)."""
        self.made.signatures += 1
        return self.do(who, path, verb, {"password": PASSWORD, **more})


def housings(height: float) -> bytes:
    """Return every housing of the lots as a mesh, a named block each; the bore is left to the drawing."""
    rows = list[str]()
    for number, serial in enumerate(serials()):
        at = 60.0 * number
        corners = [(at + x, y, z) for x in (0.0, 40.0) for y in (0.0, 30.0) for z in (0.0, height)]
        rows += [f"o {serial}", *(f"v {x} {y} {z}" for x, y, z in corners)]
        rows += ["f " + " ".join(str(8 * number + corner) for corner in face) for face in FACES]
    return ("\n".join(rows) + "\n").encode()


def global_ids() -> dict[str, str]:
    """Return serial number -> GlobalId, as the reader of meshes makes it from a part's name."""
    from geometry.readers import read_design

    with tempfile.TemporaryDirectory(prefix="qtems-device-") as folder:
        file = Path(folder) / "parts.obj"
        file.write_bytes(housings(18.0))
        return {element.name: key for key, element in read_design(file).elements.items()}


def serials(lot: int | None = None) -> list[str]:
    """Return the serial numbers of a lot, or of all."""
    return [
        f"PUMP-{number}-{piece}"
        for number, bores in enumerate(LOTS, start=1) if lot in (None, number)
        for piece, _ in enumerate(bores, start=1)
    ]  # fmt: skip


def work(maker: Maker) -> None:
    """Let everybody do what a quarter brings."""
    for issue, height in (("A", 18.0), ("B", 18.2)):
        content = housings(height)
        upload = maker.people["dora"].upload(maker.root, f"DRW-104-{issue}.obj", content)
        maker.made.documents.add(sha256(content).hexdigest())
        job = maker.people["dora"].quiet("POST", f"{maker.root}/models", {"upload": upload})
        maker.people["dora"].wait(maker.root, job, f"ISSUE-{issue}")
        maker.made.changes += 1
    failed = [lot for lot, bores in enumerate(LOTS, start=1) if not inspect(maker, lot, bores)]
    ncrs = [nonconformance(maker, lot) for lot in failed]
    capa(maker, ncrs)


def inspect(maker: Maker, lot: int, bores: tuple[str, ...]) -> bool:
    """Inspect a lot and sign it; return whether it passed."""
    path = maker.make("ines", "inspections", {
        "title": f"Housing bores, lot {lot}", "lot": [maker.ids[one] for one in serials(lot)],
        "quantity": str(len(bores)), "unit": "pcs",
        "sampling": {"everything": True}, "characteristics": [BORE],
    })  # fmt: skip
    sheet = maker.document("ines", f"lot-{lot}.txt", f"lot {lot}: {' '.join(bores)} mm\n".encode(), "picture")
    maker.make("ines", "attachments", {
        "subject": f"inspection:{path.rsplit('/', 1)[1]}", "sha256": sheet["sha256"], "file_name": f"lot-{lot}.txt",
        "media_type": "text/plain",
    })  # fmt: skip
    maker.do("ines", path, "start", {"instruments": [GAUGE]})
    for serial, bore in zip(serials(lot), bores, strict=True):
        beyond = not 7.95 <= float(bore) <= 8.05
        reading = {"characteristic": "c1", "global_id": maker.ids[serial], "number": bore, "instrument": "BG-11"}
        maker.do("ines", path, "readings", reading | ({"photos": [sheet]} if beyond else {}))
    told = maker.sign("ines", path, capacity="inspector")
    return bool(told["verdict"]["outcome"] == "pass")


def nonconformance(maker: Maker, lot: int) -> str:
    """Raise, contain, decide by the board, correct."""
    serial = f"PUMP-{lot}-2"
    part = maker.ids[serial]
    path = maker.make("ines", "ncrs", {
        "title": f"Bore too wide in lot {lot}", "severity": "major", "quantity": "1", "unit": "pcs",
        "global_ids": [part],
        "violations": [{
            "requirement": {"characteristic": "size", "clause": "DRW-104 B, 4.2", "lower": "-0.05", "upper": "0.05"},
            "measured": {"value": "0.08", "expanded_uncertainty": "0.005"}, "global_id": part,
        }],
        "evidence": [maker.document("ines", f"ncr-{lot}.txt", f"{serial} measured three times\n".encode(), "picture")],
    })  # fmt: skip
    maker.do("ines", path, "open")
    held = {"kind": "in_place_tag", "place": "cage 2", "tag": "HOLD", "affected_query": f"lot {lot}"}
    maker.do("carl", path, "containment", held)
    maker.do("carl", path, "contain")
    seats = (("quinn", "quality_manager"), ("carl", "contractor"), ("dora", "design_authority"), ("olga", "customer"))
    board = [{"user": maker.id_of(login), "capacity": capacity} for login, capacity in seats]
    maker.do("quinn", path, "board", {"members": board})
    maker.do("quinn", path, "review")
    line = {"decision": "rework", "quantity": "1", "justification": "the bore is sleeved", "instruction": "WI-31",
            "global_ids": [part]}  # fmt: skip
    maker.do("quinn", path, "propose", {"lines": [line]})
    for login, _ in seats:
        maker.sign(login, path)
    maker.do("quinn", path, "dispose")
    maker.do("carl", path, "correct")
    sleep(1.1)  # what is done is done later than what was decided
    maker.do("carl", path, "reinspect", {"finished_at": datetime.now(UTC).isoformat()})
    return path


def capa(maker: Maker, ncrs: list[str]) -> None:
    """Find out why, and have the cause approved by somebody who did not write it."""
    path = maker.make("quinn", "capas", {
        "kind": "corrective", "title": "Bores too wide", "risk": "high", "owner": maker.id_of("rosa"),
        "due": "2030-03-01", "sources": [{"kind": "ncr", "id": one.rsplit("/", 1)[1]} for one in ncrs],
    })  # fmt: skip
    maker.do("rosa", path, "team", {"team": {"champion": maker.id_of("olga"), "leader": maker.id_of("carl")}})
    problem = {
        "what": "bores up to 0.03 mm too wide", "where": "machine 4", "when": "lots 2 and 3", "who": "inspection",
        "why_it_matters": "the seal leaks", "how": "one piece of each lot", "how_many": "2 of 9",
    }  # fmt: skip
    maker.do("rosa", path, "problem", {"problem": problem, "emergency": "machine 4 stopped"})
    maker.do("rosa", path, "investigate")
    maker.do("rosa", path, "containment-waiver", {"reason": "both lots are in the cage"})
    proof = maker.document("rosa", "spindle.txt", b"runout 0.04 mm, limit 0.01 mm\n")
    nodes = [
        {"id": branch, "branch": branch, "statement": statement, "verified": True, "is_root": True, "evidence": [proof]}
        for branch, statement in (("occurrence", "spindle bearing worn"), ("escape", "first piece only was measured"))
    ]
    why = {"problem": "bores too wide", "nodes": nodes}
    maker.do("rosa", path, "analysis", {"analysis": {"why": why, "cause_code": "SPINDLE"}})
    maker.sign("quinn", path, "approve-root-cause")


def packed(maker: Maker) -> tuple[bytes, dict[str, Any]]:
    """Pack the project; return the archive and what was said of it."""
    quinn = maker.people["quinn"]
    job = quinn.quiet("POST", f"{maker.root}/audit/packages", {})
    told = quinn.ended(maker.root, job)
    return quinn.client.get(f"{API}{maker.root}/audit/packages/{job['id']}").content, told["result"]


def verified(folder: Path, *more: str) -> tuple[int, str]:
    """Run the package's own program with a Python that has nothing installed."""
    command = [sys.executable, "-I", "-S", str(folder / "verify.py"), *more]
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder, check=False)
    return done.returncode, done.stdout


def alterations(folder: Path, count: int) -> Iterator[tuple[str, Callable[[], None]]]:
    """Yield ways to change the package, each in one place: a byte, a line away, twice or moved, a file."""
    chance = random.Random(1)
    texts = [folder / name for name in ("trail.jsonl", "records.jsonl")]
    files = sorted((folder / "files").iterdir())
    for _ in range(count):
        path = chance.choice([*texts, *texts, chance.choice(files), folder / "signatures.csv"])
        whole = path.read_bytes()
        rows = whole.splitlines(keepends=True)
        at, other = chance.randrange(len(whole)), chance.randrange(len(rows))
        kind = "byte" if path.parent.name == "files" else chance.choice(["byte", "away", "twice", "swapped"])
        if kind == "byte":
            changed = whole[:at] + bytes([whole[at] ^ (1 << chance.randrange(5))]) + whole[at + 1 :]
        elif kind == "away":
            changed = b"".join(rows[:other] + rows[other + 1 :])
        elif kind == "twice":
            changed = b"".join(rows[: other + 1] + rows[other:])
        else:
            changed = b"".join(rows[:other][::-1] + rows[other:])
        if changed != whole:
            yield f"{kind} of {path.name}", lambda path=path, changed=changed: path.write_bytes(changed) and None


def shown(folder: Path, count: int) -> tuple[int, int, list[str]]:
    """Return how many of some alterations were tried and how many show; and those that do not, which must not be."""
    tried, silent = 0, list[str]()
    with tempfile.TemporaryDirectory(prefix="qtems-altered-") as name:
        copy = Path(shutil.copytree(folder, Path(name) / "copy"))
        for what, change in alterations(copy, count):
            change()
            tried += 1
            if verified(copy)[0] == 0:
                silent.append(what)
            shutil.rmtree(copy)
            shutil.copytree(folder, copy)
    return tried, tried - len(silent), silent


def interval(hits: int, count: int) -> tuple[float, float]:
    """Return Wilson's interval of a share, 95 %."""
    z, share = 1.96, hits / count
    middle = (share + z * z / (2 * count)) / (1 + z * z / count)
    half = z / (1 + z * z / count) * sqrt(share * (1 - share) / count + z * z / (4 * count * count))
    return max(0.0, middle - half), min(1.0, middle + half)


def main() -> int:
    """Work, pack, take away, verify, alter."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, help="folder to keep the package in")
    parser.add_argument("--alterations", type=int, default=200, metavar="N", help="how many to try (default 200)")
    given = parser.parse_args()
    with own_server() as (url, once):
        trace = Trace()
        people = enter(url, once, PEOPLE, trace)
        root = found_project(people, PEOPLE, trace, key="PUMP", name="Infusion pump", firm="Maker")
        maker = Maker(people, root, global_ids())
        work(maker)
        archive, told = packed(maker)
    with tempfile.TemporaryDirectory(prefix="qtems-device-") as name:
        folder = Path(name)
        with zipfile.ZipFile(io.BytesIO(archive)) as opened:
            opened.extractall(folder)
        status, said = verified(folder, "--head", told["head"])
        print(f"The server is gone; its package has {len(archive) / 1024:.0f} KiB. verify.py says:\n\n{said}")
        fine = status == 0 and counted(folder, maker.made, told)
        tried, seen, silent = shown(folder, given.alterations)
        low, high = interval(seen, tried)
        print(f"altered in one place {tried} times: {seen} show ({low:.1%} to {high:.1%} of such, 95 %)")
        for one in silent:
            print(f"  not shown: {one}")
        if given.out:
            shutil.copytree(folder, given.out, dirs_exist_ok=True)
            print(f"kept in {given.out}")
    return 0 if fine and not silent else 1


def counted(folder: Path, made: Made, told: dict[str, Any]) -> bool:
    """Hold what is in the package against what was made on the way; print both."""
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    survived = made.documents & {one["sha256"] for one in manifest["files"]}
    rows = [
        ("documents", len(made.documents), len(survived)),
        ("signatures", made.signatures, manifest["signatures"]),
        ("changes", made.changes, told["events"]),
    ]
    for what, wanted, found in rows:
        more = " (members, uploads and jobs are events, too)" if what == "changes" else ""
        print(f"{what:<11}{wanted:>5} made  {found:>5} in the package{more}")
    return all(found == wanted for _, wanted, found in rows[:2]) and rows[2][2] >= rows[2][1]


if __name__ == "__main__":
    sys.exit(main())

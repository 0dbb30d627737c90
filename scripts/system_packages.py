"""Find out which system packages are missing, and install them or say how.

    python scripts/system_packages.py            the libraries of off-screen pictures, found by loading them
    python scripts/system_packages.py browser    a Chromium, for the viewer's tests

Every other library comes inside a wheel. Exit status 0: all there (now), or only the browser is not and its tests will
say so; 2: a library is not, and the line on stderr is the command that helps.
"""

import os
import shutil
import subprocess
import sys

LIBRARIES = {"libEGL.so.1": "libegl1", "libGL.so.1": "libgl1"}
"""What VTK's renderer loads -> the Debian and Ubuntu package that brings it."""
BROWSERS = ("chromium", "chromium-browser")


def loads(library):
    """Return True when the dynamic loader finds a library and everything that it needs."""
    # A child process, because a failed load is remembered by the process in which it failed.
    code = "import ctypes, sys; ctypes.CDLL(sys.argv[1])"
    return subprocess.run([sys.executable, "-c", code, library], capture_output=True).returncode == 0


def missing():
    """Return the packages whose library cannot be loaded."""
    return sorted({package for library, package in LIBRARIES.items() if not loads(library)})


def install_packages(packages):
    """Install Debian packages when this user may without being asked; return whether that worked."""
    if not shutil.which("apt-get"):
        return False
    prefix = []
    if os.geteuid() != 0:
        if not shutil.which("sudo") or subprocess.run(["sudo", "-n", "true"], capture_output=True).returncode != 0:
            return False
        prefix = ["sudo", "-n"]
    print("setup: installing " + " ".join(packages) + " with apt-get", flush=True)
    apt = [*prefix, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq", "-o", "Dpkg::Use-Pty=0"]
    log = []
    # A fresh machine has no package lists, and an old list may name versions that are gone: update, then install.
    for arguments in (["update"], ["install", "-y", "--no-install-recommends", *packages]):
        done = subprocess.run([*apt, *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        log.append(done.stdout)
    if done.returncode != 0:
        sys.stderr.write("".join(log))
    return done.returncode == 0


def browser():
    """Return whether there is a Chromium, and what drives it in tests; put there where that may be."""
    wanted = [] if os.environ.get("QTEMS_CHROMIUM") or any(map(shutil.which, BROWSERS)) else ["chromium"]
    wanted += [] if loads("libatomic.so.1") else ["libatomic1"]  # of the Node that the package playwright brings
    return not wanted or install_packages(wanted)


def main():
    """Check, install when that is allowed, check again."""
    if sys.argv[1:] == ["browser"]:
        if not browser():
            sys.stderr.write(
                "setup: there is no Chromium, so the viewer is not tested in one. Debian: sudo apt-get install -y "
                "chromium libatomic1; elsewhere let QTEMS_CHROMIUM name the program\n"
            )
        return 0
    wanted = missing()
    if wanted and install_packages(wanted):
        wanted = missing()
    if not wanted:
        return 0
    sys.stderr.write(
        "setup: the system libraries for pictures are missing. Run: sudo apt-get update && sudo apt-get install -y "
        f"{' '.join(wanted)} (Fedora: sudo dnf install libglvnd-egl libglvnd-glx)\n"
    )
    return 2


if __name__ == "__main__":
    raise SystemExit(main())

"""Where ``qtems`` begins: Ctrl-C is answered with one line before anything that takes time is imported."""

import os
import sys


def main() -> int:
    """Run the command line and return its exit status.

    Until ``api.cli`` is ready to end in order there is nothing to clean up: Ctrl-C ends the process at once.
    """
    try:
        answer_ctrl_c()
    except KeyboardInterrupt:
        leave()
    from api.cli import main as run

    return run()


def answer_ctrl_c() -> None:
    """Let Ctrl-C end the process, unless the shell made it be ignored (``nohup``, ``&`` in a script)."""
    import signal  # takes ten milliseconds, so not at the top, where nothing would answer

    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, leave)


def leave(number: int = 0, frame: object = None) -> None:
    """End the process with the line and the status of an interrupted command."""
    try:
        os.write(2, b"qtems: stopped by Ctrl-C. No unfinished report was left behind\n")
    finally:
        os._exit(130)


if __name__ == "__main__":
    sys.exit(main())

"""A small process that outlives a command by seconds: it ends what a command that was killed could not end itself.

Run as ``python -S keeper.py NAME=VALUE``, with a pipe as its standard input that closes when the command is gone. What
then still has that variable in its environment was started by the command.
"""

import os
import signal
import sys
import time

GRACE = 10.0


def left(mark: bytes) -> list[int]:
    """Processes with the mark; none where there is no /proc."""
    found = []
    for name in os.listdir("/proc") if os.path.isdir("/proc") else ():
        if name.isdigit() and int(name) != os.getpid():
            try:
                with open(f"/proc/{name}/environ", "rb") as environ:
                    if mark in environ.read().split(b"\0"):
                        found.append(int(name))
            except OSError:
                continue
    return found


def end(mark: bytes) -> None:
    """End them: asked first, then without asking."""
    deadline = time.monotonic() + GRACE
    asked: set[int] = set()
    while pids := left(mark):
        late = time.monotonic() > deadline
        for pid in pids:
            if late or pid not in asked:
                asked.add(pid)
                try:
                    os.kill(pid, signal.SIGKILL if late else signal.SIGTERM)
                except OSError:
                    continue
        time.sleep(0.1)


if __name__ == "__main__":
    for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(signum, signal.SIG_IGN)
    sys.stdin.buffer.read()
    end(os.fsencode(sys.argv[1]))

"""Ends a process and all that it has started when its time is over: ``python -S watchdog.py PID SECONDS``.

It knows nothing of the project and starts in some milliseconds. It ends as soon as its standard input is closed.
"""

import os
import select
import signal
import sys
from contextlib import suppress


def parent_of(pid: int) -> int:
    """The parent of a process; 0 where it is gone."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            return int(file.read().rpartition(")")[2].split()[1])
    except (OSError, ValueError, IndexError):
        return 0


def descendants(pid: int) -> list[int]:
    """All processes that a process has started, and those that these have, but not this one."""
    parents = {int(name): parent_of(int(name)) for name in os.listdir("/proc") if name.isdigit()}
    found, left = [], [pid]
    while left:
        children = [child for child, parent in parents.items() if parent == left[0] and child != os.getpid()]
        found += children
        left = left[1:] + children
    return found


def end(pid: int) -> None:
    """End a process with its descendants, which is stopped first, so that it starts no further ones."""
    os.kill(pid, signal.SIGSTOP)
    for each in [*descendants(pid), pid]:
        with suppress(OSError):
            os.kill(each, signal.SIGKILL)


if __name__ == "__main__":
    watched = int(sys.argv[1])
    if not select.select([sys.stdin], [], [], float(sys.argv[2]))[0] and os.getppid() == watched:
        end(watched)

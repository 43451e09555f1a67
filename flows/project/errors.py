"""What may be said of an error: our own sentences whole, everything else by its kind and place, never its text.

The text of a library's error can hold what it stumbled over, a patient's value. It must not reach a terminal, a log or
Prefect's database, which keeps the text and the traceback of every error that leaves a task or a flow.
"""

from __future__ import annotations

import functools
import opcode
import os
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from pathlib import Path
from types import FrameType, TracebackType
from typing import ParamSpec, TypeVar

Given = ParamSpec("Given")
Job = TypeVar("Job")
Result = TypeVar("Result")
ROOT = Path(__file__).parents[2]
PACKAGES = tuple(ROOT / name for name in ("flows", "schemas", "mtl_models"))
OWN_SCHEMAS = (
    "fields",
    "limits",
    "odcs",
    "reading",
    "sharding",
    "splitting",
)  # the folders of `schemas` that are no study's
TRACEBACK = "MTL_HEALTH_TRACEBACK"  # the variable that asks for tracebacks, values and all
_RAISE = opcode.opmap["RAISE_VARARGS"]


class UnexpectedError(RuntimeError):
    """An error that no sentence was written for; its text says kind and place."""


class WorkerError(RuntimeError):
    """What went wrong in another process, in a sentence that was written there."""


class WorkerLostError(WorkerError):
    """A worker process ended without an error of its own."""


def sentence_of(error: BaseException) -> str:
    """What may be printed, logged and stored of an error.

    A sentence of ours is given whole: the error was raised by a ``raise`` in one of our packages. So is what the
    operating system says of a file, and which module is not there. Anything else becomes its kind and its place.
    """
    if is_own(error):
        return str(error)
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror}: {error.filename}" if error.filename else error.strerror
    if isinstance(error, ImportError):
        return str(error)
    return (
        f"unexpected {kind_of(error)}{place_of(error)}; its text is not shown, since it may hold values of people: "
        f"{TRACEBACK}=1 shows it on a terminal"
    )


def wants_traceback() -> bool:
    """Whether who runs the command has asked for whole tracebacks."""
    return os.environ.get(TRACEBACK, "") not in ("", "0")


def is_own(error: BaseException) -> bool:
    """Whether a ``raise`` of our packages made the error, so that its text is a sentence of ours.

    A class of ours is raised by nobody else; of any other class it must be a ``raise`` in our code, not a call that
    failed. A study's own modules are not trusted that far: what their author writes into an error may be a value.
    """
    if isinstance(error, UnexpectedError | WorkerError):  # a worker's has lost its traceback on the way
        return True
    innermost = _last(error.__traceback__)
    if innermost is None or not is_ours(innermost.tb_frame) or _is_study_code(innermost.tb_frame):
        return False
    return _is_our_class(type(error)) or innermost.tb_frame.f_code.co_code[innermost.tb_lasti] == _RAISE


def is_failure(error: BaseException) -> bool:
    """Whether something failed: no signal to end. A panic of Polars is no ``Exception``."""
    return isinstance(error, Exception) or kind_of(error) == "PanicException"


def kind_of(error: BaseException) -> str:
    """Name of the error's class."""
    return type(error).__name__


def place_of(error: BaseException) -> str:
    """File, line and function of ours in which the error arose, as the end of a sentence; empty if there is none."""
    found = ""
    for frame, line in traceback.walk_tb(error.__traceback__):
        if is_ours(frame):
            path = Path(frame.f_code.co_filename).relative_to(ROOT)
            found = f" in {path}, line {line} ({frame.f_code.co_name})"
    return found


def fit_to_store(error: BaseException) -> BaseException:
    """The error as it may leave a task, a flow or a process: without the errors that it came from.

    One of ours stays itself, any other becomes an :class:`UnexpectedError`.
    """
    fit = error if is_own(error) else UnexpectedError(sentence_of(error))
    fit.__cause__, fit.__context__ = None, None
    return fit


def value_free(function: Callable[Given, Result]) -> Callable[Given, Result]:
    """Let only errors leave ``function`` that are fit to be stored; stands below Prefect's ``@task`` or ``@flow``."""

    @functools.wraps(function)
    def guarded(*args: Given.args, **kwargs: Given.kwargs) -> Result:
        try:
            return function(*args, **kwargs)
        except BaseException as error:
            if not is_failure(error):
                raise
            fit = fit_to_store(error)
        # outside the handler: Python would hang the original on it again
        raise fit

    return guarded


def in_worker(function: Callable[[Job], Result], job: Job) -> Result:
    """What ``function`` gives for a job in a process of its own; of an error only its sentence goes back."""
    try:
        return function(job)
    except BaseException as error:
        if not is_failure(error):
            raise
        sentence = sentence_of(error)
    raise WorkerError(sentence)


@contextmanager
def awaiting_workers() -> Iterator[None]:
    """Say in a sentence that a worker process is gone.

    Raises:
        WorkerLostError: if one ended without an error of its own.
    """
    try:
        yield
    except BrokenProcessPool:
        raise WorkerLostError(
            "a worker process was ended from outside, most often because memory ran out: "
            "close other programs, or run on a machine with more memory"
        ) from None


def _last(traceback_: TracebackType | None) -> TracebackType | None:
    while traceback_ is not None and traceback_.tb_next is not None:
        traceback_ = traceback_.tb_next
    return traceback_


def is_ours(frame: FrameType) -> bool:
    """Whether code of ours runs in the frame; one marked ``__tracebackhide__``, as for pytest, only hands on."""
    return not frame.f_locals.get("__tracebackhide__") and any(
        Path(frame.f_code.co_filename).is_relative_to(package) for package in PACKAGES
    )


def _is_our_class(kind: type[BaseException]) -> bool:
    return kind.__module__.split(".")[0] in {package.name for package in PACKAGES}


def _is_study_code(frame: FrameType) -> bool:
    """Whether a study's package runs in a frame of ours: one below `flows/features` or `schemas`."""
    folders = Path(frame.f_code.co_filename).relative_to(ROOT).parts[:-1]
    if folders[:1] == ("schemas",):
        return len(folders) > 1 and folders[1] not in OWN_SCHEMAS
    return folders[:2] == ("flows", "features") and len(folders) > 2

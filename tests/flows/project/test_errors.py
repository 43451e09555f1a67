"""Errors that leave a task, a stage or a worker: our sentences whole, the rest by kind and place without a value."""

from __future__ import annotations

import errno
import multiprocessing
import os
import traceback
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from types import CodeType

import polars as pl
import pytest

import flows
from flows.project.errors import (
    OWN_SCHEMAS,
    UnexpectedError,
    WorkerError,
    awaiting_workers,
    fit_to_store,
    in_worker,
    is_own,
    sentence_of,
    value_free,
)
from tests.support import ROOT

VALUE = 233


def as_ours(source: str) -> Callable[[], None]:
    """A function ``work`` whose code counts as one of our files."""
    name = str(flows.__path__[0]) + "/somewhere.py"
    code: CodeType = compile(source, name, "exec")
    given: dict[str, object] = {"pl": pl}
    exec(code, given)
    work = given["work"]
    assert callable(work)
    return work


def caught(function: Callable[[], object]) -> Exception:
    with pytest.raises(Exception) as found:  # noqa: PT011
        function()
    assert isinstance(found.value, Exception)
    return found.value


def test_a_sentence_that_we_raise_is_given_whole() -> None:
    error = caught(as_ours("def work():\n    raise ValueError('table DEMO: give it a key')"))
    assert is_own(error)
    assert sentence_of(error) == "table DEMO: give it a key"


def test_a_class_of_ours_is_given_whole_wherever_it_was_raised() -> None:
    """Here by a call, as it comes from a library that keeps an error and raises it again."""
    lines = ["def work():", "    def step():", "        yield", "    step().throw({})"]
    ours, other = (
        caught(as_ours("\n".join(lines).format(raised)))
        for raised in (
            "__import__('schemas.faults').faults.TableFault('DEMO', 'no key')",
            f"ValueError({VALUE})",
        )
    )
    assert (is_own(ours), sentence_of(ours)) == (True, "no key")
    assert not is_own(other)


@pytest.mark.parametrize("folder", ["flows/features/heart", "schemas/heart"])
def test_what_a_studys_author_raises_is_not_repeated(folder: str) -> None:
    file = Path(flows.__path__[0]).parent / folder / "checks.py"
    code = compile(f"raise ValueError('not {VALUE}')", str(file), "exec")
    said = sentence_of(caught(lambda: exec(code)))
    assert str(VALUE) not in said
    assert f"unexpected ValueError in {folder}/checks.py, line 1" in said


@pytest.mark.parametrize(
    "line",
    [
        f"int('x{VALUE}')",  # the error arises in a function of C, called from a line of ours
        f"{{}}['{VALUE}']",
        f"pl.Series([{VALUE}, 286]).cast(pl.Int8)",
        f"pl.DataFrame({{'a': [{VALUE}]}}).select(pl.col('a').cast(pl.Int8))",
        f"pl.DataFrame({{'a': [1]}})['{VALUE}']",
    ],
)
def test_the_text_of_a_library_is_never_given(line: str) -> None:
    error = caught(as_ours(f"def work():\n    {line}"))
    said = sentence_of(error)
    assert str(VALUE) in str(error)
    assert str(VALUE) not in said
    assert type(error).__name__ in said
    assert "flows/somewhere.py, line 2 (work)" in said


def test_a_missing_file_and_a_missing_module_are_named() -> None:
    missing = caught(as_ours("def work():\n    open('/nowhere/tasks.json')"))
    assert sentence_of(missing) == "No such file or directory: /nowhere/tasks.json"
    assert sentence_of(caught(as_ours("def work():\n    import _nobody"))) == "No module named '_nobody'"
    assert "28" not in sentence_of(OSError(errno.ENOSPC, "No space left on device"))


def test_what_leaves_a_guarded_function_holds_no_value_in_its_chain() -> None:
    """A sentence of ours that follows a library's error would show the library's text in a traceback."""
    ours = as_ours(
        f"def work():\n    try:\n        int('x{VALUE}')\n    except ValueError:\n        raise ValueError('no')"
    )
    assert str(VALUE) in "".join(traceback.format_exception(caught(ours)))
    error = caught(value_free(ours))
    assert type(error) is ValueError
    assert str(error) == "no"
    assert str(VALUE) not in "".join(traceback.format_exception(error))
    theirs = caught(value_free(as_ours(f"def work():\n    int('x{VALUE}')")))
    assert type(theirs) is UnexpectedError
    assert theirs.__context__ is None
    assert sentence_of(theirs) == str(theirs) == str(fit_to_store(theirs))


def test_a_guarded_function_gives_what_it_gives() -> None:
    @value_free
    def double(number: int) -> int:
        """Twice."""
        return 2 * number

    assert double(4) == 8
    assert double.__doc__ == "Twice."


def fails(job: int) -> int:
    return int(f"x{job}")


def refuses(job: int) -> int:
    raise WorkerError("booster catboost: it is not installed")


def dies(job: int) -> int:
    os._exit(9)


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (fails, "unexpected ValueError in"),
        (refuses, "booster catboost: it is not installed"),
        (dies, "a worker process was ended from outside"),
    ],
)
def test_of_a_workers_error_only_its_sentence_comes_back(function: Callable[[int], int], said: str) -> None:
    context = multiprocessing.get_context("spawn")

    def work() -> None:
        with awaiting_workers(), ProcessPoolExecutor(1, mp_context=context) as pool:
            list(pool.map(partial(in_worker, function), [VALUE]))

    error = caught(value_free(work))
    assert is_own(error)
    assert said in sentence_of(error)
    assert str(VALUE) not in "".join(traceback.format_exception(error))


def test_the_folders_of_schemas_that_are_no_study_are_known() -> None:
    """A sentence that they raise is ours; one of a study's contract is not trusted that far."""
    folders = {path.parent for path in (ROOT / "schemas").glob("*/__init__.py")}
    studies = {folder.name for folder in folders if "CONTRACT = " in (folder / "__init__.py").read_text()}
    assert {folder.name for folder in folders} - studies == set(OWN_SCHEMAS)

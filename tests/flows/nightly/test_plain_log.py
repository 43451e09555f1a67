"""A run's log: an error of ours is one sentence, another's keeps its traceback, whoever asks for all gets all."""

from __future__ import annotations

import logging

from flows.nightly.plain_log import OneSentence
from flows.project.dates import check_date


def record(text: str, error: BaseException | None = None) -> logging.LogRecord:
    info = (type(error), error, error.__traceback__) if error is not None else None
    return logging.LogRecord("prefect.task_runs", logging.ERROR, "engine.py", 1, text, (), info)


def another() -> BaseException:
    """An error that no ``raise`` of ours made."""
    try:
        return ValueError(int("x"))
    except ValueError as error:
        return error


def test_the_sentence_is_said_once_and_others_keep_their_traceback() -> None:
    plain = OneSentence()
    try:
        check_date("20261120")
    except ValueError as error:
        first, second = record("Task run failed with exception", error), record("Encountered exception", error)
        ended = record(f"Finished in state Failed('Task run encountered an exception ValueError: {error}')")
        for each in (first, second, ended):
            assert plain.filter(each)
    assert first.getMessage() == "'20261120' is not a date like 2026-11-20"
    assert second.getMessage() == "ended by the error above"
    assert ended.getMessage() == "Finished in state Failed: the error stands above"
    assert first.exc_info is None
    other = record("Task run failed", another())
    assert plain.filter(other)
    assert other.exc_info is not None
    assert other.getMessage() == "Task run failed"

"""A run's log in Prefect's pages: an error of ours is one sentence, said once, without the code that it came by."""

from __future__ import annotations

import logging

from flows.project.errors import is_own, wants_traceback

LOGGERS = ("prefect.flow_runs", "prefect.task_runs")
_ENDED = ("Finished in state Failed(", "Finished in state AwaitingRetry(", "Finished in state Retrying(")


class OneSentence(logging.Filter):
    """Takes the traceback off errors of ours; the same sentence a second time becomes a word."""

    def __init__(self) -> None:
        super().__init__()
        self._said = set[str]()

    def filter(self, record: logging.LogRecord) -> bool:
        """Change the record; none is left out."""
        error = record.exc_info[1] if record.exc_info else None
        if error is not None and is_own(error):
            sentence = str(error)
            record.msg, record.args = (sentence if sentence not in self._said else "ended by the error above"), ()
            record.exc_info = record.exc_text = None
            self._said.add(sentence)
        elif (said := record.getMessage()).startswith(_ENDED):
            state = said.removeprefix("Finished in state ").partition("(")[0]
            if any(sentence in said for sentence in self._said):
                record.msg, record.args = f"Finished in state {state}: the error stands above", ()
        return True


def plain_log() -> None:
    """Let errors of this process's runs be logged so, unless whole tracebacks were asked for."""
    if wants_traceback():
        return
    for name in LOGGERS:
        logger = logging.getLogger(name)
        if not any(isinstance(each, OneSentence) for each in logger.filters):
            logger.addFilter(_FILTER)


_FILTER = OneSentence()

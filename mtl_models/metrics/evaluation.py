"""What an evaluation found, as tables and as text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from mtl_models.data.tables import Output, to_pandas
from mtl_models.metrics.comparison import UNDEFINED
from mtl_models.metrics.text import with_interval

_FIGURES = {"value": pl.Float64, "low": pl.Float64, "high": pl.Float64}
_METRICS = {"model": pl.String, "task": pl.String, "metric": pl.String, **_FIGURES, "n": pl.Int64}
_GAINS = {"over": pl.String, "task": pl.String, **_FIGURES, "verdict": pl.String}


@dataclass(frozen=True, repr=False)
class Evaluation:
    """Figures of a model on people that it was not trained on, beside those of other models on the same people.

    Printed, it is one line a task with the metric that heads it.

    Attributes:
        record: everything, as the pipeline writes it to ``evaluation.json``.
        predictions: of every model for every person, one row each.
    """

    record: dict[str, Any]
    predictions: pl.DataFrame = field(repr=False)
    output: Output = "polars"

    @property
    def metrics(self) -> Any:
        """One row a model, task and metric: value, low and high end of its interval, and the people behind it."""
        rows = [
            {"model": model, "task": task, "metric": metric, **figure}
            for model, found in self.record["models"].items()
            for task, figures in found["tasks"].items()
            for metric, figure in figures["metrics"].items()
        ]
        return self._give(pl.DataFrame(rows, schema=_METRICS))

    @property
    def gains(self) -> Any:
        """One row a task and model that stands beside: how much less ours errs, 0.1 being a tenth, with its interval.

        The task ``mean`` is the mean over the tasks. Against single-task twins the verdict says where sharing helps or
        hurts.
        """
        rows = [
            {"over": other, "task": task, **{key: gain[key] for key in ("value", "low", "high", "verdict")}}
            for other, found in self._compared.items()
            for task, gain in {**found["tasks"], "mean": found["mean"]}.items()
        ]
        return self._give(pl.DataFrame(rows, schema=_GAINS))

    @property
    def _compared(self) -> dict[str, Any]:
        compared: dict[str, Any] = self.record["comparisons"][self.record["settings"]["model"]]
        return compared

    def _give(self, frame: pl.DataFrame) -> Any:
        return to_pandas(frame) if self.output == "pandas" else frame

    def __str__(self) -> str:
        return "\n".join(self._lines())

    __repr__ = __str__

    def _lines(self) -> Iterator[str]:
        settings = self.record["settings"]
        yield f"{self.record['n_people']} people, intervals of {100 * settings['confidence']:g} %"
        for name, task in self.record["tasks"].items():
            figure = self.record["models"][settings["model"]]["tasks"][name]["metrics"][task["headline"]]
            words = [f"{name}: {task['headline']} {_text(figure, '.3f')}"]
            for other, found in self._compared.items():
                gain = found["tasks"][name]
                words.append(f"errs {_text(gain, '.1%')} less than {other} ({gain['verdict']})")
            yield ", ".join(words)


def _text(figure: dict[str, Any], style: str) -> str:
    def form(value: float) -> str:
        return format(value, style)

    return UNDEFINED if figure["value"] is None else with_interval(form(figure["value"]), figure, form)

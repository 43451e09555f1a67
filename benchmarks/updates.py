"""What updates choose: nothing where nothing drifts, in most tries; a correction where drift is planted in real nights.

    dvc pull -r samples -R data/raw
    python -m benchmarks.updates rates                              # outcomes drawn from the predictions themselves
    python -m benchmarks.updates nights --study whas500             # a study's own people in nights with planted drift

`rates` draws predictions of an outcome of each kind, and outcomes from them, so that nothing has drifted; and the same
with a shift. It counts how often an update changes something: after one look, and after twenty nights that each look.

`nights` trains a first model on some of the study's people. The others arrive night by night, their outcomes follow.
Drift is planted without a made-up person: of those without the event most stay away (more have it), or a column of the
drops has another scale. Then `update` looks, as a user would have it look.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from rich.progress import track

from benchmarks.measuring import one_core, show
from flows.nightly.champions import named
from flows.nightly.replay.drops import Drops
from flows.nightly.replay.nights import play, train_as_of, working_in
from flows.nightly.replay.place import RawTable, arrivals, make_place, raw_tables
from flows.nightly.update.people import Recent
from flows.nightly.update.run import update
from flows.nightly.update.trial import try_on
from flows.nightly.watch.outcomes import outcome_columns
from flows.project.gate_settings import GateSettings
from flows.project.paths import project_root
from flows.project.settings import ReplaySettings
from flows.project.update_settings import UpdateSettings
from flows.study.study import Study
from mtl_models.correction.scales import SCALES
from mtl_models.data.tasks import Task
from mtl_models.kinds import kind_of

TASKS = (
    Task(name="ill", kind="binary"),
    Task(name="signs", kind="multilabel", labels=("x", "y")),
    Task(name="type", kind="multiclass", classes=("a", "b", "c")),
    Task(name="grade", kind="ordinal", classes=("a", "b", "c")),
    Task(name="tall", kind="regression"),
)
LOOKS = 20
# the event of whom more come, and the column that has another scale
EVENT = {
    "whas500": ("whas500", (pl.col("fstat") == "1") & (pl.col("lenfol").cast(pl.Float64) <= 365)),
    "heart": ("cleveland", pl.col("target") != "0"),
}
SCALED = {"whas500": ("age", 0.6), "heart": ("thalach", 0.7)}
STAY_AWAY = 0.7


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("rates", "nights"))
    parser.add_argument("--study", choices=tuple(EVENT), default="whas500")
    parser.add_argument("--tries", type=int, default=200)
    parser.add_argument("--seeds", type=int, default=1, help="so many orders of arrival")
    options = parser.parse_args()
    one_core()
    if options.what == "rates":
        rates(options.tries)
    else:
        nights(options.study, options.seeds)


def drawn(n: int, generator: np.random.Generator, shift: float) -> Recent:
    """People with predictions of every kind of outcome, and outcomes drawn from these after a shift."""
    columns: dict[str, np.ndarray] = {}
    for task in TASKS:
        values = generator.normal(-0.5, 1.2, (n, task.n_outputs))
        scale = SCALES[kind_of(task).scale]
        prediction, true = scale.back(values), scale.back(values + shift * np.arange(1, task.n_outputs + 1))
        if kind_of(task).form == "number":
            target = true + generator.standard_t(5, true.shape) * (1 + abs(values))
        elif kind_of(task).form == "classes":
            target = (generator.random((n, 1)) > true.cumsum(axis=1)).sum(axis=1, keepdims=True).astype(float)
        else:
            target = (generator.random(true.shape) < true).astype(float)
        target[generator.random(target.shape) < 0.1] = np.nan
        columns |= dict(zip(task.prediction_columns, prediction.T, strict=True))
        columns |= dict(zip(outcome_columns(task), target.T, strict=True))
    judged = pl.Series("judged", generator.random(n) < UpdateSettings().judged)
    return Recent(pl.DataFrame(columns).fill_nan(None).with_columns(judged), n)


def changed(recent: Recent) -> bool:
    """Whether an update changes something."""
    return any(each.corrects for each in try_on(recent, TASKS, UpdateSettings(), GateSettings()))


def rates(tries: int) -> None:
    """Print how often something is changed."""
    rows, generator = [], np.random.default_rng(0)
    for n in (100, 300, 1000):
        found = {
            shift: np.mean([changed(drawn(n, generator, shift)) for _ in track(range(tries), f"{n} people, {shift}")])
            for shift in (0.0, 0.3, 0.8)
        }
        rows.append([f"{n:,}", *(f"{100 * share:.1f} %" for share in found.values())])
    title = f"something of five outcomes, six parts, is changed; {tries} tries"
    show(title, ("people with an outcome", "no drift", "shift of 0.3", "shift of 0.8"), rows)
    every, grown, tries = 0, 0, tries // 2
    growth = 1 + UpdateSettings().growth
    for _ in track(range(tries), f"{LOOKS} nights"):
        recent = drawn(50 * LOOKS, generator, 0.0)
        seen = [50 * (night + 1) for night in range(LOOKS)]
        said = {n: changed(Recent(recent.frame.head(n), n)) for n in seen}
        last, some = 0.0, False
        for n in seen:
            if n >= growth * last:
                last, some = n, some or said[n]
        every, grown = every + any(said.values()), grown + some
    rows = [["every night", f"{100 * every / tries:.1f} %"], ["after growth by half", f"{100 * grown / tries:.1f} %"]]
    show(f"no drift, {LOOKS} nights of 50 people; {tries} tries", ("it looks", "something is changed"), rows)


class DriftingDrops(Drops):
    """Drops of which one column has another scale."""

    def scale(self, column: str, factor: float) -> None:
        """Multiply the column in all that is still to come."""
        tables = [
            RawTable(
                each.name,
                each.frame.with_columns(
                    (pl.col(column).cast(pl.Float64) * factor).round(0).cast(pl.Int64).cast(pl.String)
                ),
                each.keys,
                each.suffix,
            )
            if column in each.frame.columns
            else each
            for each in self._tables
        ]
        self.__dict__["_tables"] = tables


def nights(name: str, seeds: int) -> None:
    """Print what an update does after nights with each drift."""
    root = project_root()
    rows = []
    for seed in range(seeds):
        replay = ReplaySettings(nights=16, people=20 if name == "whas500" else 12, delay=3, corrections=0, broken=0,
                                retrain_every=1000, seed=seed, recipe=RECIPE)  # fmt: skip
        study = Study(root, name)
        coming = arrivals(study, replay)
        base = root / "build" / "updates" / f"{name}-{seed}"
        if not (base / "trained").exists():
            place = make_place(study, replay, coming, base)
            with working_in(base):
                first = train_as_of(place, (dt.date.fromisoformat(replay.first) - dt.timedelta(days=1)).isoformat(), 0)
            if not first["promoted"]:  # of so few people the gate often takes no first model; that is not asked here
                registry = place.registry
                registry.promote(named(place, first["version"]), "first model of the benchmark", {})
            (base / "trained").touch()
        for drift in ("none", "prevalence", "scale"):
            rows.append([str(seed), drift, *after(study, replay, coming, base, drift)])
    headings = ("order", "drift", "people", "corrected", "what", "gain of the champion, mean", "seconds", "again")
    show(f"updates of {name}", headings, rows)


RECIPE: Any = {"baselines": {"models": ["linear"]}, "evaluation": {"replicates": 200}}


def after(study: Study, replay: ReplaySettings, coming: list[pl.Series], base: Path, drift: str) -> Iterator[str]:
    """What an update says after nights with a drift."""
    folder = base.with_name(f"{base.name}-{drift}")
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(base, folder, symlinks=True)
    if drift == "prevalence":
        coming = [night.filter(pl.Series(stays(study, night, replay.seed))) for night in coming]
    drops = DriftingDrops(study, replay, coming)
    if drift == "scale":
        drops.scale(*SCALED[study.name])
    place = Study(folder, study.name)
    with working_in(folder):
        for record in play(place, drops, train=None):
            if record["error"]:
                raise RuntimeError(record["error"])
        last = (dt.date.fromisoformat(replay.first) + dt.timedelta(days=replay.nights - 1)).isoformat()
        row, twice = (update(Study(folder, study.name), last) for _ in range(2))
    details = json.loads(row["details"])
    said = "; ".join(f"{each['part']}: {each['words']}" for each in details["tried"] if each["chosen"] != "none")
    gain = next((each["words"] for each in details["checks"] if each["name"] == "champion, mean"), "–")
    yield from (str(row["n_people"]), "yes" if row["promoted"] else "no", said or "nothing", gain)
    yield from (f"{row['seconds']:.1f}", "nothing new" if twice["unchanged"] else "looked again")


def stays(study: Study, night: pl.Series, seed: int) -> np.ndarray:
    """Who of a night comes: all who have the event, and some of the others."""
    name, event = EVENT[study.name]
    table = next(each for each in raw_tables(study) if each.name == name)
    with_event = table.keys.filter(table.frame.select(event.fill_null(False)).to_series())
    generator = np.random.default_rng([seed, int(night.hash().sum()) % 2**32])
    return np.asarray(night.is_in(with_event.implode()).to_numpy() | (generator.random(len(night)) > STAY_AWAY))


if __name__ == "__main__":
    main()

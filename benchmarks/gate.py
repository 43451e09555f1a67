"""How often the gate is wrong: networks of one recipe and many seeds, the same made worse by the margin, small steps.

    dvc pull -r samples -R data/raw && dvc repro features@heart features@nhanes
    python -m benchmarks.gate rates --study nhanes --seeds 18    # a fixed split: file beside file, three seeds each
    python -m benchmarks.gate rates --study heart --seeds 8      # folds: repeats beside repeats
    python -m benchmarks.gate margins                            # the smallest margin by number of people
    python -m benchmarks.gate steps                              # a hundred small losses, with and without the anchor

`rates` trains the study's own network without a teacher. Each try draws as many people as the gate has, with
replacement, from everyone that the networks were not trained on, and two sets of networks. The worse ones say a part of
what they say of everybody, as much as makes the mean error over tasks larger by the margin of that try.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import polars as pl
from rich.progress import track

from benchmarks.measuring import one_core, require, show, study_inputs

PARTS = np.linspace(0, 0.9, 46)


@dataclass(frozen=True)
class Networks:
    """What networks of one recipe say of the people that they were not trained on, the same in every frame.

    Attributes:
        by_seed: a frame of a fixed split, or one for each repeat of folds.
        n: so many of the people are drawn.
    """

    tasks: tuple[Any, ...]
    targets: pl.DataFrame
    by_seed: list[list[pl.DataFrame]]
    n: int

    @property
    def folds(self) -> bool:
        """Whether a recipe is judged by repeats of folds."""
        return len(self.by_seed[0]) > 1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("rates", "margins", "steps"))
    parser.add_argument("--study", default="nhanes")
    parser.add_argument("--seeds", type=int, default=18)
    parser.add_argument("--tries", type=int, default=300)
    options = parser.parse_args()
    one_core()
    if options.what == "rates":
        rates(options)
    elif options.what == "margins":
        margins(options.tries * 20)
    else:
        steps(options.tries)


def fitted(study: str, seeds: int) -> Networks:
    """Train the networks."""
    from flows.fitting.jobs import Job, StudyData
    from flows.fitting.names import FINAL, MODEL
    from flows.fitting.networks import network_rows
    from mtl_models.data.dataset import PERSON

    paths, own = study_inputs(study)
    require([paths.features / "features.parquet"], f"dvc repro features@{study}")
    training = own.training.model_copy(update={"distillation": None})
    data = StudyData.read(paths.features, own.model_copy(update={"training": training}))
    folds = own.split.kind == "folds"
    resamples = [name for name in data.splits.columns if name not in (PERSON, FINAL)]
    targets = pl.read_parquet(paths.features / "targets.parquet").sort(PERSON)
    tasks = own.task_records
    by_seed: list[list[pl.DataFrame]] = []
    for seed in track(range(seeds), "networks"):
        jobs = [Job(model=MODEL, resample=resample, seed=seed, tasks=tasks) for resample in resamples]
        rows = pl.concat([network_rows(job, data) for job in jobs]).sort(PERSON)
        rows = rows.filter(pl.col("part") == "test") if folds else rows
        repeats = rows.with_columns(pl.col("resample").str.extract(r"^r(\d+)f").fill_null("0"))
        by_seed.append(repeats.partition_by("resample", maintain_order=True))
    known = targets.join(by_seed[0][0].select(PERSON), on=PERSON, how="semi", maintain_order="left")
    n = known.height if folds else int((data.splits[FINAL] == "valid").sum())
    return Networks(tasks, known, by_seed, n)


def worse(frame: pl.DataFrame, tasks: Sequence[Any], part: float) -> pl.DataFrame:
    """Predictions of which a part is what is said of everybody."""
    columns = [name for task in tasks for name in task.prediction_columns]
    return frame.with_columns(pl.col(columns) * (1 - part) + pl.col(columns).mean() * part)


def loss_of(networks: Networks, part: float) -> float:
    """The mean over tasks and networks of how much larger the error becomes, on everyone."""
    from flows.nightly.judging.predicted import People, scores_of
    from mtl_models.metrics.comparison import relative_gain

    people, gains = People(networks.targets), []
    for frame, *_ in networks.by_seed:
        old, new = (scores_of(each, people, networks.tasks) for each in (frame, worse(frame, networks.tasks, part)))
        gains += [relative_gain(task, new[task.name], old[task.name])[0] for task in networks.tasks]
    return -float(np.mean(gains))


def rates(options: argparse.Namespace) -> None:
    """Print how often the same recipe passes both ways, and how often one that is worse by the margin is refused."""
    from flows.nightly.judging.compared import Rules, compared
    from flows.nightly.judging.predicted import People, Predicted
    from flows.project.gate_settings import GateSettings
    from mtl_models.metrics.settings import EvaluationSettings

    networks = fitted(options.study, options.seeds)
    losses = [loss_of(networks, part) for part in PARTS]
    least = int(np.argmin(losses))  # where networks are too sure, to say a little less errs less
    rules = Rules(GateSettings(replicates=200), EvaluationSettings())
    generator, size = np.random.default_rng(0), 1 if networks.folds else 3
    same, alone, refused, margin = list[bool](), list[bool](), list[bool](), list[float]()
    for _ in track(range(options.tries), "tries"):
        drawn = generator.integers(0, networks.targets.height, networks.n)
        people = People(networks.targets[drawn])
        seeds = generator.permutation(options.seeds)[: 2 * size].reshape(2, size)
        ours, theirs = (
            _predicted([[frame[drawn] for frame in networks.by_seed[seed]] for seed in each]) for each in seeds
        )
        hold = partial(compared, "champion", people=people, tasks=networks.tasks, rules=rules)
        found = [hold(ours, theirs), hold(theirs, ours)]
        same.append(all(check.outcome == "pass" for each in found for check in each.checks))
        alone.append(all(each.gains["mean"]["high"] >= 0 for each in found))
        margin.append(found[0].checks[0].figures["margin"])
        part = float(np.interp(margin[-1], losses[least:], PARTS[least:]))
        bad = (tuple(worse(frame, networks.tasks, part) for frame in each) for each in (ours.frames, ours.seeds))
        refused.append(hold(Predicted(*bad), theirs).checks[0].outcome == "fail")
    shares = {
        "same recipe passes both ways": same,
        "the same by the interval over people alone": alone,
        "worse by the margin is refused": refused,
    }
    show(
        f"{options.study}: {networks.n} people, {options.seeds} seeds, {options.tries} tries",
        ["what", "figure"],
        [
            *([name, f"{np.mean(each):.1%}"] for name, each in shares.items()),
            ["margin of the mean, median", f"{np.median(margin):.2%}"],
            *([f"gate.seed_sd: {name}", f"{sd:.4f}"] for name, sd in seed_sds(networks).items()),
        ],
    )


def _predicted(frames: Sequence[Sequence[pl.DataFrame]]) -> Any:
    """A model of some seeds: the first is the file, or its repeats are what is compared."""
    from flows.nightly.judging.predicted import Predicted

    return Predicted(tuple(frames[0]), tuple(frame for (frame, *_) in frames) if len(frames) > 1 else ())


def seed_sds(networks: Networks) -> dict[str, float]:
    """The standard deviation of the relative loss between seeds on everyone, by task and of the mean."""
    from flows.nightly.judging.predicted import People, scores_of
    from mtl_models.metrics.score import loss_name

    people = People(networks.targets)
    logs = []
    for frame, *_ in networks.by_seed:
        scores = scores_of(frame, people, networks.tasks)
        logs.append([np.log(scores[task.name].metrics[loss_name(task)][0]) for task in networks.tasks])
    table = np.array(logs)
    names = [task.name for task in networks.tasks]
    return {**dict(zip(names, table.std(axis=0, ddof=1), strict=True)), "mean": float(table.mean(axis=1).std(ddof=1))}


def margins(tries: int) -> None:
    """Print the smallest margin of the mean by number of people, and both rates at it, from normal numbers.

    The spread over people is 0.22 % at 790 and falls with their root; that over seeds stays 0.24 %, as in NHANES.
    """
    from mtl_models.metrics.noninferiority import Margin, noise_of_seeds, non_inferiority

    generator, rows = np.random.default_rng(0), []
    for n in (100, 300, 790, 3000, 10_000):
        over_people, over_seeds = 0.0022 * np.sqrt(790 / n), 0.0024
        told, both, refused = [], 0, 0
        for _ in range(tries):
            seeds = generator.normal(0, over_seeds, (2, 3)) + generator.normal(0, over_people / np.sqrt(2), (2, 3))
            noise = noise_of_seeds(seeds.tolist())
            assert noise is not None
            gain = seeds[0, 0] - seeds[1, 0]
            spread = generator.normal(0, over_people, 200)
            asked = Margin(1e-9, 1.0, chance=0.025)
            ways = [non_inferiority(np.append(way, way + spread), noise, asked) for way in (gain, -gain)]
            both += all(way.passes for way in ways)
            lost = gain - ways[0].margin
            refused += not non_inferiority(np.append(lost, lost + spread), noise, asked).passes
            told.append(ways[0].margin)
        rows.append([f"{n:,}", f"{np.median(told):.2%}", f"{both / tries:.1%}", f"{refused / tries:.1%}"])
    columns = ["people", "smallest margin, median", "same recipe passes both ways", "worse by it is refused"]
    show(f"drawn numbers, {tries} tries, three seeds a model", columns, rows)


def steps(tries: int) -> None:
    """Print where a hundred challengers end, each 0.3 % worse than the champion, with and without the anchor."""
    from mtl_models.metrics.noninferiority import Margin, Noise, non_inferiority

    generator, rows = np.random.default_rng(0), []
    over_people, over_seeds, step = 0.0022, 0.0024, 0.003
    noise, margin = Noise(2 * over_seeds**2), Margin(0.02, 0.25, chance=0.025)
    for anchored in (False, True):
        ends, promotions = [], []
        for _ in range(tries):
            champion = promoted = 0.0
            for _ in range(100):
                challenger = champion - step + generator.normal(0, over_seeds)
                beside = [champion, 0.0] if anchored else [champion]
                gains = [challenger - other + generator.normal(0, over_people) for other in beside]
                spread = generator.normal(0, over_people, 200)
                if all(non_inferiority(np.append(gain, gain + spread), noise, margin).passes for gain in gains):
                    champion, promoted = challenger, promoted + 1
            ends.append(champion)
            promotions.append(promoted)
        name = "with the anchor" if anchored else "champion alone"
        rows.append([name, f"{np.median(ends):.1%}", f"{np.min(ends):.1%}", f"{np.median(promotions):.0f}"])
    show("a hundred challengers", ["judged", "gain at the end, median", "worst", "promotions"], rows)


if __name__ == "__main__":
    main()

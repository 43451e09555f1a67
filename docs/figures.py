"""Write docs/figures.md from the reports that the runs left, so that no figure in it is typed by hand.

    python docs/figures.py

It needs the reports of `dvc repro` for every study, and takes those of `mtl-health compare`, `groups` and `sweep` where
they are there; a section whose report is not there stays as it was.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from flows.experiments.compare.page import candidate_name, reference_names
from flows.experiments.sweeps.findings import findings
from flows.project.settings import read_studies
from flows.report.words import (
    MODELS,
    NONE,
    figure_text,
    gain_text,
    interval_words,
    level,
    lower_first,
    metric_name,
    model_name,
    short_title,
)
from mtl_models.metrics.settings import CONFIDENCE

DOCS = Path(__file__).parent
PAGE = DOCS / "figures.md"
GAINS = re.compile(r"<!-- gains .*?-->\n.*?(<!-- end -->)", re.DOTALL)
WIDE = level(CONFIDENCE)
START = f"""# Figures

Written by `python docs/figures.py` from the reports of the runs; no number here was typed. The line below each
heading names the command that measured the figures, and the file that they come from.

**How to read them.** R² is the share of the differences between people that is explained. AUROC is how often a
person with the outcome gets the higher probability of a pair: 0.5 is a coin toss. AUROC of the cuts is
its mean over the cuts between ordered classes. A *gain* is how much less one model errs than another: the relative
reduction of RMSE or log-loss.
A positive gain is better, and it is clear if its interval leaves out zero. Brackets are {WIDE} intervals, from
bootstrap resamples of the same people for all models. If a model has several seeds, the interval is also over seeds.
A *twin* is the same kind of network, trained on one outcome alone. A *booster* is LightGBM or CatBoost.

**What was looked at.** All choices were made on validation people, whose figures are kinder. The test part of
NHANES was looked at seven times: twice for an earlier preset, twice for networks like this one, and three times for
this one: beside boosters of one seed, beside boosters of five seeds, and after the special diets were hidden from
diabetes and HbA1c. The boosters choose size and rounds
on one validation part and have their other settings from `params.yaml`. A booster that is tuned to the study may
well be equal to the network.

**What is older.** The sections on ways of sharing, on groups and on sweeps were measured before the special diets were
hidden from diabetes and HbA1c, and their means of NHANES hold weighted kappa for general health, where the section on
the model holds the AUROC of the cuts: do not compare means of the one with means of the other. Gains are not touched
by that: they are relative errors.
"""


def page(root: Path) -> str:
    """The whole page."""
    reports, studies, before = root / "reports", list(read_studies(root)), sections(PAGE.read_text())
    parts = [START]
    for study in studies:
        heading = f"{study}: the model beside its baselines"
        parts += _part(reports / study / "evaluation.json", heading, evaluation, before)
    for study in studies:
        parts += _part(reports / study / "compare.json", f"{study}: ways of sharing", comparison, before)
        parts += _part(reports / study / "groups.json", f"{study}: groups of outcomes", groups, before)
    names = {path.stem for path in (reports / "sweeps").glob("*.json")}
    names |= {heading.split("`")[1] for heading in before if heading.startswith("Sweep ")}
    for name in sorted(names):
        parts += _part(reports / "sweeps" / f"{name}.json", f"Sweep `{name}`", sweep, before)
    return "\n".join(parts)


def sections(text: str) -> dict[str, str]:
    """The sections of a page by their headings, each without its heading."""
    parts = re.split(r"(?m)^## (.*)\n", text)
    return {heading: body.strip("\n") + "\n" for heading, body in zip(parts[1::2], parts[2::2], strict=True)}


def source(path: Path) -> str:
    """Which bytes a section was written from: the file, and its MD5 as DVC's lock files name it."""
    name = path.relative_to(path.parents[2]).as_posix()
    return f"<!-- {name} {hashlib.md5(path.read_bytes()).hexdigest()} -->"


def _part(path: Path, heading: str, write: Any, before: Mapping[str, str]) -> list[str]:
    if not path.exists():
        return [f"\n## {heading}\n", before[heading]] if heading in before else []
    return [
        f"\n## {heading}\n",
        source(path),
        *write(path.stem if path.parent.name == "sweeps" else path.parent.name, json.loads(path.read_text())),
    ]


def _table(heads: Sequence[str], rows: Iterator[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def evaluation(study: str, record: Mapping[str, Any]) -> Iterator[str]:
    """Figures of every outcome and model, mean gains, calibration, and what absent tables cost."""
    model = record["settings"]["model"]
    others = sorted((name for name in record["models"] if name != model), key=list(MODELS).index)
    part = "out of fold" if record["n_resamples"] > 1 else f"{record['part']} part"
    seeds = "; ".join(f"{model_name(name)} {len(each['seeds'])}" for name, each in record["models"].items())
    people = f"{record['n_people']} people, {part}; {interval_words(record)}"
    yield f"`mtl-health report --study {study}`: {people}. Seeds: {seeds}.\n"

    def rows() -> Iterator[Sequence[str]]:
        for name, task in record["tasks"].items():
            metric = task["headline"]
            figures = [record["models"][each]["tasks"][name]["metrics"].get(metric) for each in (model, *others)]
            yield [
                short_title(task["title"]),
                str(task["n"]),
                metric_name(metric),
                *(figure_text(each) for each in figures),
            ]
        means = [figure_text(record["models"][each]["headline_mean"]) for each in (model, *others)]
        yield ["**mean**", NONE, "mean of the above", *means]

    yield _table(["outcome", "n", "metric", *(model_name(each) for each in (model, *others))], rows())
    against = {name: record["comparisons"][model][name] for name in others if name in record["comparisons"][model]}

    def gains() -> Iterator[Sequence[str]]:
        for name, task in record["tasks"].items():
            yield [short_title(task["title"]), *(gain_text(each["tasks"].get(name)) for each in against.values())]
        yield ["**mean**", *(gain_text(each["mean"]) for each in against.values())]

    yield "Gain of the shared model over each:\n"
    yield _table(["outcome", *(model_name(each) for each in against)], gains())
    errors = {name: record["models"][model]["tasks"][name]["metrics"].get("ece") for name in record["tasks"]}
    said = [
        f"{short_title(record['tasks'][name]['title'])} {figure_text(each)}" for name, each in errors.items() if each
    ]
    if said:
        yield f"Calibration error of the shared model, over ten groups of equal size: {'; '.join(said)}.\n"
    if cases := record.get("absence", {}).get("cases"):
        yield "Gain of the same model when a table has not arrived, mean of all outcomes:\n"
        yield _table(["what is absent", "gain"], ([case, gain_text(each["mean"])] for case, each in cases.items()))


def comparison(study: str, board: Mapping[str, Any]) -> Iterator[str]:
    """Every candidate of a comparison: its mean figure, and its mean gain over what it is measured by."""
    references = reference_names(board)
    yield (
        f"`mtl-health compare --study {study}`: {board['n_people']} validation people. These figures are for "
        "choosing, and kinder than a test: the networks are stopped on the same people. A column `over` is the mean "
        "gain over that model. The last column names the outcome that gains least: over "
        f"{board['first']}, or over the model that it names.\n"
    )

    def rows() -> Iterator[Sequence[str]]:
        for row in board["rows"]:
            found = [row["gains"].get(kind) for kind in references]
            least = next(
                ((each["worst"], kind) for each, kind in zip(found, references, strict=True) if each and each["worst"]),
                None,
            )
            yield [
                candidate_name(row),
                str(row["seeds"]) if row["random"] else "nothing random",
                figure_text(row["mean"]),
                *(gain_text(each["mean"]) if each else NONE for each in found),
                _least(board["titles"], *least, references) if least else NONE,
            ]

    heads = [
        "candidate",
        "seeds",
        "mean figure",
        *(f"over {name}" for name in references.values()),
        "outcome of least gain",
    ]
    yield _table(heads, rows())


def _least(titles: Mapping[str, str], worst: Mapping[str, Any], kind: str, references: Mapping[str, str]) -> str:
    """The outcome that gains least, and over what unless that is the first run."""
    over = "" if kind == "first" else f" over {references[kind]}"
    return f"{titles[worst['task']]} {gain_text({**worst})}{over}"


def groups(study: str, record: Mapping[str, Any]) -> Iterator[str]:
    """Every grouping that was tried: gains over one trunk and over the twins."""
    yield (
        f"`mtl-health groups --study {study}`: {record['n_people']} validation people, {len(record['seeds'])} seeds. "
        f"What wins: {record['winner']}.\n"
    )

    def rows() -> Iterator[Sequence[str]]:
        for name, run in record["runs"].items():
            made = "; ".join(", ".join(group) for group in record["groups"][name])
            over = [gain_text(run[kind]["mean"]) if kind in run else NONE for kind in ("over_plain", "over_twins")]
            yield [name, made, *over]

    yield _table(["grouping", "groups", "over one trunk", "over the twins"], rows())


def sweep(name: str, record: Mapping[str, Any]) -> Iterator[str]:
    """What a sweep found."""
    yield f"`mtl-health sweep {name}`: {lower_first(record['title'])}. {record['question']}\n"
    yield from (f"- {sentence}" for sentence in findings(record))


def readme(root: Path) -> str:
    """The README with the mean gains of its study."""
    path = root / "reports" / "nhanes" / "evaluation.json"
    record = json.loads(path.read_text())
    model = record["settings"]["model"]
    against = record["comparisons"][model]

    def rows() -> Iterator[Sequence[str]]:
        yield [model_name(model), figure_text(record["models"][model]["headline_mean"]), NONE]
        for name in MODELS:
            if name in against:
                mean = figure_text(record["models"][name]["headline_mean"])
                yield [model_name(name), mean, gain_text(against[name]["mean"])]

    table = _table(["model", "mean of the eight figures", "gain of the shared model over it"], rows())
    head = source(path).replace("<!-- ", "<!-- gains from ").replace(" -->", ", written by docs/figures.py -->")
    return GAINS.sub(lambda match: f"{head}\n{table}{match[1]}", (root / "README.md").read_text())


def main() -> None:
    """Write the page, and the README's table."""
    root = DOCS.parent
    PAGE.write_text(page(root))
    (root / "README.md").write_text(readme(root))
    print(f"wrote {PAGE.name} and the table of README.md")


if __name__ == "__main__":
    main()

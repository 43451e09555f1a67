"""Stage: measure the model beside its baselines on the test part, with intervals, and write the plots and the page."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from typing import Any

import polars as pl

from flows.fitting.absence import absence
from flows.project.hashing import sha256
from flows.project.identity import decisive
from flows.project.paths import SUMMARY, read_json, write_json, write_text
from flows.project.settings import StudySettings
from flows.report.groups import in_subgroups
from flows.report.words import model_name
from flows.stages.command import run_stage
from flows.study.study import Study
from mtl_models.data.dataset import FeatureSpec
from mtl_models.data.view import features_in_view
from mtl_models.metrics.collect import collect
from mtl_models.metrics.decisions import judge_decisions
from mtl_models.metrics.reliability import judge_calibration
from mtl_models.metrics.summary import flat_metrics, summarise

PART = "test"


def read_predictions(study: Study) -> pl.DataFrame:
    """Predictions of the shared model and of what it is compared with; auxiliary tasks are left out."""
    ours, others = (pl.read_parquet(study.paths.models / f"{name}.parquet") for name in ("predictions", "baselines"))
    return pl.concat([ours.select(others.columns), others])


def student_words(settings: StudySettings) -> str:
    """How the exported network was taught, and what its twins are then; nothing where it learned from the labels."""
    taught = settings.training.distillation
    if taught is None:
        return ""
    boosters = [model_name(name) for name in taught.boosters]
    share = f", {taught.booster_share:.0%} of it from {' and '.join(boosters)}" if boosters else ""
    networks = "one larger network says" if taught.networks == 1 else f"{taught.networks} larger networks say"
    return (
        f"The network is a student: it learned what {networks}{share}, on "
        f"{taught.rows:,} rows made by swapping columns between training people. Its single-task twins are a network "
        "of the teacher's kind for each outcome, trained on that outcome alone and taught by none: the gain over them "
        "is that of sharing and of the teacher together."
    )


def stream_words(people: dict[str, Any]) -> str:
    """Who the shared model learned from and who the others, where training is on a stream; else nothing.

    Args:
        people: the summary of the features.
    """
    parts, drawn = people["parts"], people.get("drawn")
    if drawn is None:
        return ""
    return (
        f"The network learned from all {parts['train']:,} training people, read in shards; what it is compared with "
        f"learned from {drawn['train']:,} of them, drawn by chance, so a gain is that of more people too. All are "
        f"judged by {drawn[PART]:,} of the {parts[PART]:,} {PART} people, drawn likewise."
    )


def column_titles(study: Study, features: Iterable[str]) -> dict[str, str]:
    """Words for features that are columns as they are: those of the contract's column of that name."""
    from schemas.contract import load_contract
    from schemas.fields import ModelView

    titles = {
        column.lower(): rules.title
        for model in load_contract(study.name).tables.values()
        for column, rules in ModelView.of(model).rules.items()
    }
    found = {name: titles.get(name.partition("__")[2].lower(), "") for name in features}
    return {name: title for name, title in found.items() if title}


def run(study: Study) -> dict[str, Any]:
    """The stage on the study's predictions."""
    from flows.report.build import draw_plots
    from flows.report.card import render_card
    from flows.report.context import ReportContext
    from flows.report.page import render_page

    paths, settings = study.paths, study.settings
    predictions = read_predictions(study)
    targets = pl.read_parquet(paths.features / "targets.parquet")
    splits = pl.read_parquet(paths.features / "splits.parquet")
    tasks = settings.task_records
    main = [task for task in tasks if task.role == "main"]
    summary = summarise(predictions, targets, splits, tasks, part=PART, settings=settings.evaluation)
    judged = judge_decisions(predictions, targets, splits, tasks, part=PART, settings=settings.evaluation)
    sample = collect(predictions, targets, splits, main, part=PART)
    calibration = judge_calibration(sample, main, settings.evaluation)
    summary = {**summary, "decisions": judged, "calibration": calibration}
    training = read_json(paths.models / "training.json")
    if "affinity" in training:
        on_valid = settings.training.measure_affinity == "valid"
        training["looked_at"] = "validation people" if on_valid else "the same people as the step"
    plots = draw_plots(summary, predictions, targets, splits, tasks, training["history"], training)
    absent = pl.read_parquet(paths.models / "absent_tables.parquet")
    without = absence(absent, targets, splits, tasks, settings.evaluation)
    groups = in_subgroups(
        predictions,
        targets,
        splits,
        pl.read_parquet(paths.features / "features.parquet"),
        tasks,
        settings.evaluation,
        part=PART,
        declared=settings.gate.subgroups,
    )
    people = read_json(paths.features / "summary.json")
    spec = FeatureSpec.from_json((paths.features / "features.json").read_text())
    context = ReportContext(
        study=study.name,
        title=settings.title,
        population=settings.population,
        moment=settings.moment,
        tasks=tasks,
        known_later=settings.known_later,
        near=settings.near,
        summary=summary,
        spec=features_in_view(spec, settings.model, [task.name for task in tasks]),
        parts=people["parts"],
        n_people=people["n_people"],
        n_cohort=people["n_cohort"],
        excluded=people["excluded"],
        validation=read_json(paths.valid / SUMMARY),
        plots=plots,
        training=training,
        student=student_words(settings),
        stream=stream_words(people),
        absence=without,
        subgroups=groups,
        group_titles=column_titles(study, settings.gate.subgroups),
        identity={
            "network (SHA-256)": sha256(paths.models / "network.safetensors"),
            "features (SHA-256)": sha256(paths.features / "features.parquet"),
            "labels (SHA-256)": sha256(paths.features / "targets.parquet"),
        },
    )
    page = render_page(context)
    shutil.rmtree(paths.reports / "plots", ignore_errors=True)
    for plot in plots:
        write_text(paths.reports / "plots" / f"{plot.name}.svg", plot.svg)
    write_text(paths.reports / "index.html", page)
    card = render_card(context, settings.card.model_dump(), decisive(settings, "evaluate"))
    write_text(paths.reports / "card.html", card)
    metrics = flat_metrics(summary)
    write_json(
        paths.reports / "evaluation.json", {**summary, **({"absence": without} if without else {}), "subgroups": groups}
    )
    write_json(paths.reports / "metrics.json", metrics)
    return metrics


if __name__ == "__main__":
    run_stage(run)

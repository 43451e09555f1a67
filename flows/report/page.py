"""One static HTML page a study, for a clinician: no address, no time stamp, the same bytes for the same inputs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from markupsafe import Markup

from flows.report import sentences, tables
from flows.report.calibration import calibration_table, corrections
from flows.report.context import ReportContext
from flows.report.decisions import agreement_notes, decision_table
from flows.report.drawing import Plot
from flows.report.inline import inline_svg
from flows.report.plots import ordered_models
from flows.report.seen import seen_sentences, seen_table
from flows.report.sharing import own_best_table, sharing_sentences
from flows.report.subgroups import clear_differences, subgroup_tables
from flows.report.templates import render
from flows.report.words import (
    ABOUT_MODELS,
    chance,
    count,
    level,
    model_name,
    short_title,
)
from mtl_models.kinds import find_metric

_GROUPS = ("metric", "gain", "calibration", "classes", "observed", "decision", "learning", "sharing")
_PARTS = {"train": "training", "valid": "validation", "test": "test"}


def render_page(context: ReportContext) -> str:
    """The page as HTML text.

    Raises:
        jinja2.UndefinedError: if the template names something that the page does not have.
    """
    return render(Path(__file__).with_name("page.html"), **_view(context))


def _view(context: ReportContext) -> dict[str, Any]:
    """All that the template fills in."""
    summary = context.summary
    used = dict.fromkeys(metric for record in _records(context) for metric in record)
    return {
        "context": context,
        "summary": summary,
        "settings": summary["settings"],
        "wide": level(summary["settings"]["confidence"]),
        "facts": facts(context),
        "people": people(context),
        "findings": sentences.findings(summary, taught=bool(context.student)),
        "warnings": sentences.warnings(summary),
        "models": [(model_name(name), about_model(summary, name)) for name in ordered_models(summary)],
        "metrics": [(metric.title, metric.about) for name in used if (metric := find_metric(name))],
        "outcomes": tables.outcome_table(context),
        "seen": seen_table(context) if context.tasks else None,
        "seen_sentences": seen_sentences(context),
        "headlines": tables.headline_table(context),
        "details": tables.detail_tables(context),
        "gains": tables.gain_table(context),
        "how_shared": sharing_sentences(context.training, summary),
        "own_best": own_best_table(context.training, summary),
        "absence": tables.absence_table(context),
        "calibrations": calibration_table(summary),
        "corrections": corrections(context.training, summary),
        "decisions": decision_table(summary),
        "agreements": agreement_notes(summary),
        "subgroups": subgroup_tables(context),
        "clear_differences": clear_differences(context),
        "validation": tables.validation_table(context),
        "features": tables.feature_table(context),
        "hidden": [short_title(record["title"]) for record in summary["tasks"].values() if not record["shown"]],
        "figures": {group: _figures(context, group) for group in _GROUPS},
        "limits": [*context.limits, *standing_limits(context)],
    }


def about_model(summary: Mapping[str, Any], model: str) -> str:
    """What a model is, and how many seeds its figures are the mean of."""
    n = len(summary["models"][model]["seeds"])
    seeds = "one seed" if n == 1 else f"the mean of {n} seeds"
    return "; ".join(filter(None, (ABOUT_MODELS.get(model, ""), seeds)))


def _records(context: ReportContext) -> list[dict[str, Any]]:
    model = context.summary["models"][context.summary["settings"]["model"]]
    return [record["metrics"] for record in model["tasks"].values()]


def _figures(context: ReportContext, group: str) -> list[tuple[Plot, Markup]]:
    return [(plot, inline_svg(plot)) for plot in context.plots if plot.name.startswith(f"{group}_")]


def facts(context: ReportContext) -> list[tuple[str, str]]:
    """The four numbers at the top."""
    summary = context.summary
    n_networks = len(summary["models"][summary["settings"]["model"]]["seeds"]) * summary["n_resamples"]
    return [
        ("people tested", f"{summary['n_people']:,}"),
        ("outcomes", str(len(summary["tasks"]))),
        ("features", str(len(context.spec.features))),
        ("networks behind each figure", str(n_networks)),
    ]


def people(context: ReportContext) -> list[str]:
    """Who went in, who was left out, and how the others were divided."""
    minimum = context.summary["settings"]["min_count"]
    found = [f"{count(context.n_people, minimum)} people in the raw tables, {context.n_cohort:,} in the cohort."]
    for reason, n in context.excluded.items():
        found.append(f"Left out: {count(n, minimum)} people, {reason}.")
    if repeats := context.summary["n_repeats"] - 1:
        found.append(
            f"Everyone is tested {repeats + 1} times, each time by a model that was trained without them "
            "(repeated cross-validation)."
        )
    else:
        parts = [f"{context.parts[part]:,} for {words}" for part, words in _PARTS.items() if part in context.parts]
        found.append(f"Divided once and for all: {', '.join(parts)}.")
    return found


def standing_limits(context: ReportContext) -> list[str]:
    """Limits that hold for every study."""
    settings = context.summary["settings"]
    wide = settings["confidence"]
    return [
        f"{context.title} alone: the model was neither trained nor tested on people from elsewhere.",
        "The figures describe this sample; they are no measure of benefit to a patient.",
        "The model is no medical device and has not been tried in care.",
        "A prediction is an association: changing a feature need not change the outcome.",
        f"Figures of a class or label with fewer than {settings['min_count']} people are not shown.",
        *sentences.seeds(context.summary),
        *sentences.boosters(context.summary),
        f"Many comparisons are made: with {level(wide)} intervals, {chance(wide)} excludes zero by chance.",
    ]

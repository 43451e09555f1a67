"""What a run can say of its model, in sentences for the card and the table of reporting items."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flows.report.context import ReportContext
from flows.report.sentences import findings
from flows.report.subgroups import clear_differences
from flows.report.words import (
    count,
    figure_text,
    label_name,
    level,
    listing,
    lower_first,
    metric_name,
    model_name,
    short_title,
)
from mtl_models.kinds import KINDS, kind_of

Facts = Mapping[str, Sequence[str]]


def facts_of(context: ReportContext, settings: Mapping[str, Any]) -> dict[str, list[str]]:
    """By name, the sentences that follow from the run.

    Args:
        settings: the parts of the study's settings that decided it, as plain types.
    """
    summary = context.summary
    main = [task for task in context.tasks if task.role == "main"]
    return {
        "summary": [
            f"One network predicts {len(main)} outcomes of a person together: "
            f"{listing([short_title(task.title or task.name) for task in main])}.",
            *findings(summary, taught=bool(context.student)),
        ],
        "population": [f"{context.population}.", context.moment],
        "outcomes": [_outcome(task) for task in main],
        "model": _model(context, settings),
        "inputs": [
            f"{len(context.spec.features)} features of {len(context.spec.domains)} domains "
            f"({', '.join(label_name(domain).lower() for domain in context.spec.domains)}), numbers and categories.",
            "Outputs: a number in its unit, or probabilities and the decision that follows from them.",
        ],
        "people": _people(context),
        "missing": [
            "A feature that is missing is an input of its own; nobody is left out for it. A label that is missing "
            "leaves a person out of that outcome alone.",
            *_missing_labels(context),
        ],
        "performance": _performance(summary),
        "calibration": _calibration(summary),
        "decisions": _decisions(summary),
        "groups": clear_differences(context) or ["No groups were declared (gate.subgroups)."],
        "limits": list(context.limits),
        "validation": [
            f"All figures are of the {summary['part']} part, whom neither training nor stopping saw; "
            f"intervals ({level(summary['settings']['confidence'])}) come from "
            f"{summary['settings']['replicates']:,} resamples of people and of training seeds."
        ],
        "competitors": [f"Compared with {listing(_others(summary))}, on the same people and the same split."],
        "identity": [f"{name}: {value}" for name, value in context.identity.items()],
    }


def _others(summary: Mapping[str, Any]) -> list[str]:
    return [lower_first(model_name(name)) for name in summary["models"] if name != summary["settings"]["model"]]


def _outcome(task: Any) -> str:
    unit = f", in {task.unit}" if task.unit else ""
    names = task.classes or task.labels
    which = f" ({', '.join(names)})" if names else ""
    rule = kind_of(task).rule_words(task)
    return f"{task.title or task.name}: {KINDS[task.kind].words}{unit}{which}" + (
        f"; predicted {rule}." if rule else "."
    )


def _model(context: ReportContext, settings: Mapping[str, Any]) -> list[str]:
    model, training = settings["model"], settings["training"]
    trunk, encoder = model["trunk"]["name"], model["encoder"]["name"]
    said = [
        f"A neural network with a trunk ({trunk}), an encoder ({encoder}) and a head an outcome, "
        f"{context.training.get('n_parameters', 0):,} parameters; trained for at most {training['epochs']} epochs, of "
        "which validation people chose.",
        "Its file holds preprocessing, network and decisions in ONNX; it is written only if it equals the network.",
    ]
    return [*said, *([context.student] if context.student else []), *([context.stream] if context.stream else [])]


def _people(context: ReportContext) -> list[str]:
    minimum = context.summary["settings"]["min_count"]
    parts = ", ".join(f"{n:,} {part}" for part, n in context.parts.items())
    left_out = [f"Left out: {count(n, minimum)} people, {reason}." for reason, n in context.excluded.items()]
    return [
        f"{count(context.n_people, minimum)} people in the raw tables, {context.n_cohort:,} in the cohort ({parts}).",
        *left_out,
    ]


def _missing_labels(context: ReportContext) -> list[str]:
    summary = context.summary
    minimum, n_people = summary["settings"]["min_count"], summary["n_people"]
    return [
        f"{short_title(record['title'])}: {count(None if record['n'] is None else n_people - record['n'], minimum)} of "
        f"{n_people:,} tested people have no label."
        for record in summary["tasks"].values()
    ]


def _performance(summary: Mapping[str, Any]) -> list[str]:
    model = summary["models"][summary["settings"]["model"]]["tasks"]
    said = []
    for task, record in summary["tasks"].items():
        if not record["shown"]:
            said.append(f"{short_title(record['title'])}: too few people to be shown.")
            continue
        metric = record["headline"]
        figure = figure_text(model[task]["metrics"][metric], metric)
        said.append(f"{short_title(record['title'])}: {metric_name(metric)} {figure}, n {record['n']:,}.")
    return said


def _calibration(summary: Mapping[str, Any]) -> list[str]:
    said = []
    for task, columns in summary.get("calibration", {}).items():
        title = short_title(summary["tasks"][task]["title"])
        for name, each in columns.items():
            if each["n"] is not None:
                label = title if len(columns) == 1 else f"{title}, {label_name(name).lower()}"
                first = "observed over expected" if "ratio" in each else "mean of outcome less prediction"
                figure = figure_text(each.get("ratio", each.get("bias")))
                said.append(f"{label}: {first} {figure}, slope {figure_text(each['slope'])}.")
    return said


def _decisions(summary: Mapping[str, Any]) -> list[str]:
    said = []
    for record in summary.get("decisions", {}).values():
        title = short_title(record["title"])
        for name, column in record["columns"].items():
            figures = column["metrics"]
            if figures:
                label = title if len(record["columns"]) == 1 else f"{title}, {label_name(name).lower()}"
                said.append(
                    f"{label} ({record['rule']}): predicted for {figure_text(figures['flagged'])} of people; "
                    f"sensitivity {figure_text(figures['sensitivity'])}, positive predictive value "
                    f"{figure_text(figures['ppv'])}."
                )
    return said

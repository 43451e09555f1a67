"""The whole check of a study: everything that can be looked at is, whatever else is wrong."""

from __future__ import annotations

import polars as pl

from flows.check.absence import absence_faults
from flows.check.complements import complement_faults
from flows.check.first_people import FirstPeople, first_people
from flows.check.leaks import leak_faults
from flows.check.others import others_faults
from flows.check.report import CheckReport
from flows.features.cohort import try_cohort, value_faults
from flows.features.guard import FeatureError
from flows.features.labels import count_labels, label_findings
from flows.features.split_scan import SplitScan
from flows.features.splits import SplitError, read_splits
from flows.features.targets import cohort_targets
from flows.project.settings import FILE, StudySettings
from flows.stages.validate import judge
from flows.stores.valid import read_newcomers
from flows.study.load import read_study
from flows.study.names import Lookup, name_faults
from flows.study.naming.tasks import record_faults
from flows.study.study import Study
from schemas.faults import TableFault


def check_study(study: Study, names: Lookup | None = None) -> CheckReport:
    """All that is wrong with a study before it is trained; needs the raw tables and no DVC.

    Args:
        study: the study, whose settings may have faults.
        names: gives the faults of names, where a look-up was started beside; else they are looked up here.
    """
    report = CheckReport(study.name)
    settings, faults = read_study(study.root, study.name, depth="contract")
    at_fault = {fault.removeprefix(f"{FILE}: studies.{study.name}.").partition(":")[0] for fault in faults}
    if settings and (sound := _with_sound_tasks(study, settings)):
        _check_data(report, sound, split=not any(key.startswith("split") for key in at_fault))
    report.faults[:0] = dict.fromkeys([*faults, *(names() if names else name_faults(study.root, study.name))])
    return report


def _with_sound_tasks(study: Study, settings: StudySettings) -> Study | None:
    """The study with the tasks that the data can be looked at with, if there is a contract, a function and a task.

    The faults of the others, and those of contract and functions, are said with the names.
    """
    names = {task.name for task in record_faults(settings)[1]}
    kept = {
        key: tuple(record for record in getattr(settings, key) if record.get("name") in names)
        for key in ("tasks", "auxiliary")
    }
    found = settings.model_copy(update=kept)
    sound = study.with_settings(found)
    try:
        _ = sound.contract, sound.features
        return sound if (*found.task_records, *found.further_tasks) else None
    except ValueError:
        return None


def _check_data(report: CheckReport, study: Study, *, split: bool) -> None:
    """``split``: whether the block says where the split is; else a placeholder stands there, whose file nobody has."""
    people = _people(report, study)
    if people is None:
        return
    tables = {name: table.valid for name, table in people.result.tables.items()}
    name, settings = study.name, study.settings
    tasks, further = settings.task_records, settings.further_tasks
    cohort, faults = try_cohort(name, tables, tasks, settings.known_later)
    report.faults += faults or value_faults(cohort.features)
    report.n_people, report.n_features = cohort.features.height, cohort.features.width - 1
    if not faults:
        absent = absence_faults(name, cohort, settings)
        report.faults += [*absent, *others_faults(name, cohort, settings, said=absent)]
    targets = splits = None
    try:
        targets = cohort_targets(name, tables, cohort.features, (*tasks, *further))
    except FeatureError as error:
        report.faults += error.sentences
    try:
        splits = _splits(study, cohort.features, people.end) if split else None
    except SplitError as error:
        report.faults += error.sentences
    if targets is not None and splits is not None and not cohort.features.is_empty():
        _check_labels(report, targets, splits, settings)
        leaks = list(leak_faults(name, cohort, targets, splits, settings))
        report.faults += leaks
        if not faults:
            report.faults += complement_faults(name, cohort, splits, settings, said=leaks)


def _splits(study: Study, people: pl.DataFrame, end: str | None) -> pl.DataFrame:
    raw, split, newcomers = study.paths.raw, study.settings.split, read_newcomers(study.paths.landed)
    if study.settings.training.stream is not None:
        return SplitScan(raw, split, newcomers).of(people, None, end)
    return read_splits(raw, split, people, newcomers)


def _people(report: CheckReport, study: Study) -> FirstPeople | None:
    """The raw tables by their contract, in memory; their limits are those of the stage `validate`."""
    paths = study.paths
    try:
        people = first_people(study)
    except TableFault as error:
        report.faults += str(error).splitlines()
        return None
    if people.n_shards > 1:
        report.warnings.append(
            f"raw tables: the people of the first of {people.n_shards} shards were looked at, since training is on a "
            "stream; the stages `validate` and `features` look at all"
        )
    result = people.result
    summary = result.summary()
    judgement = judge(study, summary)
    report.losses = summary if judgement.found else None
    rows = f"`mtl-health validate --study {study.name} {paths.raw.relative_to(paths.root)} --rejects FILE`"
    do = f"mend the table, or raise that limit{f'; {rows} writes the rejected rows' if result.rejects.height else ''}"
    (report.faults if judgement.stops else report.warnings).extend(
        f"{sentence}; {do}" for sentence in judgement.shown_lines()
    )
    return people


def _check_labels(report: CheckReport, targets: pl.DataFrame, splits: pl.DataFrame, settings: StudySettings) -> None:
    report.min_count = settings.evaluation.min_count
    for tasks, learned in ((settings.task_records, True), (settings.further_tasks, False)):
        counts = count_labels(tasks, targets, splits)
        findings = label_findings(counts, report.min_count, learned=learned)
        report.faults += findings.faults
        report.warnings += findings.warnings
        report.labels += counts if learned else []

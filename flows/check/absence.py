"""A night may come without a table: each feature domain is tried without every one that it reads."""

from __future__ import annotations

from flows.features.build import build_features
from flows.features.cohort import Cohort, domains_of
from flows.features.guard import FeatureError
from flows.project.settings import StudySettings

TRIED = "tried with one of its tables empty, as on a night without it"


def absence_faults(study: str, cohort: Cohort, settings: StudySettings) -> list[str]:
    """What is wrong with a domain's functions when one of their tables has no row."""
    faults: dict[str, None] = {}
    for domain in domains_of(study, cohort.tables, settings.task_records, settings.known_later):
        read = [tables for name, tables in cohort.sources.items() if name.startswith(f"{domain.name}__")]
        for table in dict.fromkeys(table for tables in read for table in tables):
            without = {**domain.tables, table: domain.tables[table].clear()}
            try:
                build_features(cohort.features, without, {domain.name: domain.function})
            except FeatureError as error:
                faults |= dict.fromkeys(f"{sentence} ({TRIED})" for sentence in error.sentences)
    return list(faults)

"""Vectors of people by feature domain, written out for segmentation and ranking."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from flows.experiments.compare.fits import candidate_key
from flows.experiments.embed.outcomes import outcome_means, outcomes_of
from flows.fitting.jobs import Job, StudyData
from flows.fitting.names import FINAL, ModelName
from flows.fitting.networks import fit_network
from flows.project.paths import StudyPaths, replace_file, write_json, write_text
from flows.project.settings import StudySettings
from flows.study.candidates import settings_of
from flows.study.study import Study
from mtl_models.data.dataset import PERSON, read_dataset
from mtl_models.kinds.base import SHARE, Facet
from mtl_models.wording import slug

if TYPE_CHECKING:
    from mtl_models.network.predictor import Predictor

ENCODER = "domains"
MODEL = "model"
NEIGHBOURS = 5


@dataclass(frozen=True)
class Source:
    """Which network's vectors: the study's own model, or one candidate of its comparison with its settings."""

    name: str
    settings: StudySettings

    @property
    def is_model(self) -> bool:
        """Whether it is the model that the `train` stage leaves."""
        return self.name == MODEL


def find_source(study: Study, candidate: str | None) -> Source:
    """The network to read: the candidate named, else the study's model, else the first candidate with the encoder.

    Raises:
        ValueError: if no network has a vector a domain, with the lines that name one.
    """
    settings, where = study.settings, f"studies.{study.name}.compare.candidates"
    if candidate is not None:
        if candidate not in settings.compare.candidates:
            known = ", ".join(settings.compare.candidates) or "none"
            raise ValueError(f"params.yaml: {where} has no candidate {candidate!r}; it has {known}")
        own = settings_of(settings, candidate)
        if settings.compare.candidates[candidate].method or not _has_vectors(own):
            raise ValueError(
                f"params.yaml: {where}.{candidate} is no network with the encoder '{ENCODER}' and one "
                "stop for all tasks: no other has a vector a domain"
            )
        return Source(candidate, own)
    if _has_vectors(settings):
        return Source(MODEL, settings)
    for name, each in settings.compare.candidates.items():
        if not each.method and _has_vectors(own := settings_of(settings, name)):
            return Source(name, own)
    raise ValueError(
        f"{study.name} has no network with a vector a domain: name one in params.yaml under {where}, "
        f"domain embeddings: {{model: {{encoder: {{name: {ENCODER}}}}}}}"
    )


def _has_vectors(settings: StudySettings) -> bool:
    """Whether a network has one vector a domain; one that stops for each task has an encoder for each."""
    return settings.model.encoder.name == ENCODER and settings.training.stop == "joint"


def load_or_train(study: Study, source: Source) -> Predictor:
    """The network of a source; that of a candidate is trained on the final split once and kept beside the comparison's.

    Raises:
        FileNotFoundError: if the study's own model was not trained yet.
    """
    from mtl_models.network.checkpoint import load_network, save_network

    paths = study.paths
    if source.is_model:
        file = paths.models / "network.safetensors"
        if not file.is_file():
            raise FileNotFoundError(f"{study.name} has no trained model: run `dvc repro train@{study.name}`")
        return load_network(file)
    folder, settings = paths.models / "embeddings", source.settings
    file = folder / f"{slug(source.name)}-{candidate_key(settings, paths.features)}.safetensors"
    if not file.is_file():
        job = Job(
            model=ModelName(source.name), resample=FINAL, seed=settings.training.seed, tasks=settings.task_records
        )
        network = fit_network(job, StudyData.read(paths.features, settings), progress=True)[0].network
        replace_file(file, lambda partial: save_network(network, partial))
        for stale in set(folder.glob(f"{slug(source.name)}-*.safetensors")) - {file}:
            stale.unlink()
    return load_network(file)


def embed(
    study: Study, source: Source, *, out: Path | None = None, outcome: str | None = None, n_segments: int = 6
) -> dict[str, Any]:
    """Write vectors, neighbours and segments of everyone in the cohort, a figure, and a summary without any person.

    Args:
        out: the file of the vectors; neighbours and segments lie beside it.
        outcome: the target column that shades the figure; the first binary outcome if left out.

    Returns:
        The summary: files, domains, segments with outcome means, cosines of neighbours by rank.
    """
    from flows.experiments.embed.plot import embedding_figure
    from mtl_models.network.embeddings import domain_embeddings, nearest_neighbours
    from mtl_models.network.segments import principal_plane, segment_people

    paths, settings = study.paths, source.settings
    dataset, spec, _ = read_dataset(paths.features, settings.task_records)
    outcomes = outcomes_of(settings.task_records, dataset)
    chosen = _choose(outcomes, outcome)
    network = load_or_train(study, source)
    vectors = domain_embeddings(network, dataset.select(spec, network.spec))
    segments = segment_people(vectors, n_segments)
    neighbours = nearest_neighbours(vectors, k=min(NEIGHBOURS, len(dataset) - 1))
    files = _files(paths, source, out)
    for file, frame in zip(files.values(), (vectors, neighbours, segments), strict=True):
        replace_file(file, frame.write_parquet)
    columns: dict[str, list[str]] = {}
    for name in vectors.columns:
        if name != PERSON:
            columns.setdefault(name.rsplit("__", 1)[0], []).append(name)
    planes = {domain: principal_plane(vectors.select(names).to_numpy()) for domain, names in columns.items()}
    min_count = settings.evaluation.min_count
    svg = embedding_figure(planes, chosen.values, title=chosen.title, unit=chosen.unit, min_count=min_count)
    write_text(paths.reports / "embeddings.svg", svg)
    summary = {
        "candidate": source.name,
        "n_people": len(dataset),
        "domains": {domain: len(names) for domain, names in columns.items()},
        "shaded_by": chosen.name,
        "outcomes": {each.name: {"title": each.title, "unit": each.unit} for each in outcomes.values()},
        "segments": outcome_means(segments["segment"].to_numpy(), outcomes.values(), min_count),
        "neighbours": _cosines(neighbours),
    }
    write_json(paths.reports / "embeddings.json", summary)
    return {**summary, "files": {what: str(file) for what, file in files.items()}}


def _choose(outcomes: dict[str, Facet], name: str | None) -> Facet:
    if name is None:
        binary = (each for each in outcomes.values() if each.unit == SHARE and "__" not in each.name)
        return next(binary, next(iter(outcomes.values())))
    if name not in outcomes:
        raise ValueError(f"no outcome {name!r} to shade by; there are {', '.join(outcomes)}")
    return outcomes[name]


def _files(paths: StudyPaths, source: Source, out: Path | None) -> dict[str, Path]:
    """The files with persons in them: by default beside the data, where no report or model store takes them along."""
    vectors = out or paths.embeddings / f"{slug(source.name)}.parquet"
    beside = {what: vectors.with_name(f"{vectors.stem}.{what}.parquet") for what in ("neighbours", "segments")}
    return {"vectors": vectors, **beside}


def _cosines(neighbours: pl.DataFrame) -> list[dict[str, float]]:
    """Cosine by rank: the mean over everyone, and of one person as an example."""
    by_rank = [neighbours.filter(pl.col("rank") == rank)["similarity"] for rank in range(1, _last(neighbours) + 1)]
    return [
        {"rank": place + 1, "mean": round(float(np.mean(each.to_numpy())), 4), "example": round(float(each[0]), 4)}
        for place, each in enumerate(by_rank)
    ]


def _last(neighbours: pl.DataFrame) -> int:
    return int(neighbours["rank"].to_numpy().max())

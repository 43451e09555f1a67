"""A corrected version: the file with its corrections inside, sealed in the registry with all that belongs to it."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl

from flows.nightly.judging.changed import LOCK, PARAMS
from flows.nightly.judging.evidence import HELD_OUT, MARK, TRAINED_ON, marks
from flows.nightly.judging.limits import EXPORT
from flows.nightly.update.people import corrected, corrections_held
from flows.nightly.update.told import UPDATE
from flows.nightly.watch.reference import FILE as REFERENCE
from flows.nightly.watch.reference import kept_reference
from flows.project.hashing import sha256
from flows.project.paths import write_json
from flows.project.provenance import git_revision
from flows.stores.registry import CORRECTS, EVALUATION, MODEL, PROFILE
from flows.study.study import Study
from mtl_models.correction.in_file import check_correction, correct
from mtl_models.correction.record import KEY, Correction
from mtl_models.data.dataset import to_matrices
from mtl_models.data.tasks import Task
from mtl_models.kinds import kind_of
from mtl_models.serving.scorer import Scorer

AGREED = "numpy and onnxruntime"
# what is said of the network, and stays true of it
_KEPT = ("metrics.json", EVALUATION, "index.html", LOCK, PARAMS)


def register_corrected(
    study: Study,
    champion: Scorer,
    new: Mapping[str, Correction],
    fitted_on: pl.Series,
    people: pl.DataFrame,
    told: dict[str, Any],
) -> str:
    """Make and register the champion's network with new corrections behind those that it has; give the version.

    Args:
        study: whose champion it is.
        champion: ready to score.
        new: by task.
        fitted_on: keys of the people that they were fitted on.
        people: features of people to check the file on.
        told: what the manifest tells of the update.

    Raises:
        ValueError: if numpy and onnxruntime do not agree, or a file of the network is not what was registered.
    """
    registry, version = study.registry, champion.sha256
    network = registry.network_of(version)
    tasks = [task for task in champion.tasks if task.role == "main"]
    held = corrections_held(registry, version, [task for task in tasks if kind_of(task).scale])
    total = {name: each.then(new[name]) if name in new else each for name, each in held.items()}
    total = {name: each for name, each in total.items() if not each.changes_nothing}
    before = registry.path(network).read_bytes()
    content = correct(before, total)
    inputs = to_matrices(people, champion.spec)
    check_correction(before, content, total, inputs)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        model = folder / MODEL
        model.write_bytes(content)
        named = sha256(model)
        export = {"sha256": named, "bytes": len(content), "n_parity_checked": len(inputs), "agreed": AGREED}
        write_json(folder / EXPORT, {**export, CORRECTS: network})
        files = [folder / EXPORT, *_evidence(study, version, total, fitted_on, tasks, folder)]
        files += [path for name in _KEPT if (path := registry.companion(network, name))]
        files += _reference(study, network, total, tasks, folder)
        records = {name: each.to_dict() for name, each in sorted(total.items())}
        inherited = {key: value for key, value in registry.manifest(network).items() if key != "model_version"}
        manifest = {
            **inherited,
            CORRECTS: network,
            "corrected_by": git_revision(study.root),
            KEY: records,
            UPDATE: {"follows": version, **told},
        }
        return registry.register(model, files, manifest, registry.companion(network, PROFILE))


def _evidence(
    study: Study,
    champion: str,
    total: Mapping[str, Correction],
    fitted_on: pl.Series,
    tasks: Sequence[Task],
    folder: Path,
) -> list[Path]:
    """The champion's evidence with the people that corrections were fitted on, and with what they would have said."""
    registry, files = study.registry, list[Path]()
    network = registry.network_of(champion)
    if path := registry.companion(champion, TRAINED_ON):
        files.append(folder / TRAINED_ON)
        learned = pl.concat([pl.read_parquet(path)[MARK], marks(fitted_on, network)])
        learned.unique().sort().to_frame().write_parquet(files[-1])
    if path := registry.companion(network, HELD_OUT):
        files.append(folder / HELD_OUT)
        corrected(pl.read_parquet(path), total, tasks).write_parquet(files[-1])
    return files


def _reference(
    study: Study, network: str, total: Mapping[str, Correction], tasks: Sequence[Task], folder: Path
) -> list[Path]:
    """What nights are compared with: the bins of a score move with it. Of classes together no bin can be moved, so
    their scores are not watched until the next training."""
    found = kept_reference(study.registry, network)
    if found is None:
        return []
    bins, scores = dict(found.bins), dict(found.scores)
    for task in tasks:
        if task.name not in total:
            continue
        for place, name in enumerate(task.prediction_columns):
            if kind_of(task).form == "classes":
                scores.pop(name, None)
            elif name in bins:
                one = total[task.name]
                alone = Correction(one.scale, (one.slope[place],), (one.shift[place],))
                edges = alone.of(pl.Series(bins[name].edges, dtype=pl.Float64).to_numpy()[:, None])[:, 0]
                bins[name] = replace(bins[name], edges=tuple(edges.tolist()))
    (folder / REFERENCE).write_text(replace(found, bins=bins, scores=scores).to_json())
    return [folder / REFERENCE]

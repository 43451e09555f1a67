"""Training on people that do not fit into memory."""

from __future__ import annotations

from dataclasses import dataclass, replace

from mtl_models.data.layout import plan_layout
from mtl_models.data.shards import Shards, draw
from mtl_models.data.view import features_in_view
from mtl_models.network.network import Network
from mtl_models.settings import StreamingSettings
from mtl_models.training.calibration import calibrate
from mtl_models.training.decisions import set_cuts
from mtl_models.training.devices import find_device
from mtl_models.training.fit import train_network
from mtl_models.training.history import Fitted
from mtl_models.training.inputs import FitSettings
from mtl_models.training.reproducible import reproducible
from mtl_models.training.stream import Stream

__all__ = ["StreamedFit", "StreamingSettings", "fit_shards"]


@dataclass(frozen=True)
class StreamedFit:
    """A network that was trained on a stream.

    Attributes:
        n_train, n_valid: people of the two parts.
        n_sampled, n_validated: how many of them set the statistics and chose the epoch.
    """

    fitted: Fitted
    n_train: int
    n_valid: int
    n_sampled: int
    n_validated: int


def fit_shards(
    shards: Shards,
    how: FitSettings,
    streaming: StreamingSettings | None = None,
    *,
    seed: int | None = None,
    progress: bool = False,
) -> StreamedFit:
    """Train a network on a part of a feature folder and choose the epoch by the part ``valid`` of the same resample.

    One pass draws the rows that set statistics, then each epoch is a pass. Memory does not grow with the rows.

    Args:
        shards: the rows to learn from, as :meth:`Shards.open` gives them.
        streaming: instead of ``training.stream``.
        seed: instead of the first of ``training.seeds``.

    Raises:
        ValueError: for settings that no part understands, files that do not belong together, a part without rows, or a
            task without a label among the rows that were drawn.
    """
    training = how.training
    streaming = streaming or training.stream or StreamingSettings()
    if training.distillation is not None:
        raise ValueError("training.distillation: a teacher needs its people in memory: leave it out to train on shards")
    device, seed = find_device(training.device), training.seed if seed is None else seed
    seen = features_in_view(shards.spec, how.model, [task.name for task in shards.tasks])
    rows = shards.view(seen)
    sample = draw(rows, streaming.sample_rows, seed)
    valid = draw(rows.of_part("valid"), streaming.valid_rows, seed)
    with reproducible(seed, training.threads):
        network = Network(seen, shards.tasks, how.model, plan_layout(seen, sample.people.inputs))
        network.fit_statistics(sample.people)
        stream = Stream(rows, network, device, streaming.buffer_rows)
        fitted = train_network(network, stream, valid.people, training, seed=seed, progress=progress)
        if training.calibrate:
            fitted = replace(fitted, calibration=calibrate(fitted.network, valid.people))
        set_cuts(fitted.network, sample.people, valid.people)
    return StreamedFit(fitted, sample.n_rows, valid.n_rows, len(sample.people), len(valid.people))

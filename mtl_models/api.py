"""The front door for Python: one estimator that fits, predicts, evaluates and exports, with scikit-learn's manners."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from numbers import Integral, Real
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar

import numpy as np
import polars as pl
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from mtl_models.data.dataset import PERSON, to_matrices
from mtl_models.data.tables import Output, Table, read_table
from mtl_models.data.tasks import Task, load_tasks
from mtl_models.data.view import features_in_view
from mtl_models.inputs import Columns, read_people
from mtl_models.metrics.settings import EvaluationSettings
from mtl_models.settings import ModelSettings, TrainingSettings, parse_settings

if TYPE_CHECKING:
    from mtl_models.metrics.evaluation import Evaluation
    from mtl_models.training.inputs import FitSettings, TrainingData

Chosen = TypeVar("Chosen", ModelSettings, TrainingSettings, EvaluationSettings)
# as in TrainingSettings but for small batches and a short average: a few hundred people are then enough steps
DEFAULTS = {"batch_size": 64, "ema": 0.95, "patience": 15, "epochs": 100}


class MultiTaskModel(BaseEstimator):  # type: ignore[misc]
    """One network that learns several outcomes of the same people, any label of which may be missing.

    The frame holds one row a person: columns to learn from, and columns of outcomes, in Polars or pandas. A number, or
    true and false, is a number; text is a category; a missing value is an input of its own. What a task's record names
    under ``leaks`` is not shown to that task.

    Example:
        >>> import polars as pl
        >>> from mtl_models import MultiTaskModel, Task
        >>> people = pl.DataFrame({"age": range(40, 80), "high": [0, 1] * 20, "pressure": [120.0, None] * 20})
        >>> tasks = [Task(name="high", kind="binary"), Task(name="pressure", kind="regression", unit="mmHg")]
        >>> model = MultiTaskModel(tasks, training={"epochs": 2}).fit(people)
        >>> model.predict(people).columns
        ['high', 'high__p', 'pressure']

    Args:
        tasks: the outcomes, as :class:`Task`. A task's targets stand in the column of its name, or in those that its
            record names under ``columns``; classes are their names or places, labels a column of lists or one column
            ``<task>__<label>`` each.
        features: the columns to learn from; by default all that are no target, no key and no part.
        key: the column that names a person; it is no feature and comes first in predictions. ``person_id``, if it is
            there and nothing else is named.
        validation: the share of the rows that says which epoch is kept, alike in outcomes; or the column that calls
            each row ``train``, ``valid`` or, left out of the fit, ``test``.
        model: the network: keys ``encoder``, ``trunk``, ``heads``, ``preprocess``, ``view``, as the block ``model`` of
            params.yaml. By default a plain encoder and a shared trunk.
        training: ``epochs``, ``patience``, ``learning_rate``, ``balancing`` and so on, as the block ``training``.
        seed: of the split, the weights and the order of the rows; the same seed gives the same model.

    Attributes:
        tasks_: the tasks, checked.
        network_: the trained network, a module of torch.
        history_: one record an epoch: losses of training and validation rows by task.
        epoch_: the epoch that was kept.
        n_features_in_, feature_names_in_: the features that the network reads.
        n_rows_: how many rows were trained on, chose, and were left out.
    """

    def __init__(
        self,
        tasks: Sequence[Task],
        *,
        features: Sequence[str] | None = None,
        key: str | None = None,
        validation: float | str = 0.2,
        model: Mapping[str, Any] | ModelSettings | None = None,
        training: Mapping[str, Any] | TrainingSettings | None = None,
        seed: int = 0,
    ) -> None:
        self.tasks = tasks
        self.features = features
        self.key = key
        self.validation = validation
        self.model = model
        self.training = training
        self.seed = seed

    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn from a frame.

        Args:
            X: Polars or pandas frame, one row a person.
            y: a frame of the same rows with the targets, where they do not stand in ``X``.

        Raises:
            TypeError, ValueError: one sentence that names the parameter and its rule.
        """
        from mtl_models.training.fit import TrainingData, fit

        settings = self._settings()
        table = _joined(X, y)
        columns = self._columns(table.frame)
        share = 0.0 if isinstance(self.validation, str) else float(self.validation)
        people = read_people(table.frame, columns, share, int(self.seed))
        seen = features_in_view(people.spec, settings.model, [task.name for task in columns.tasks])
        train, valid = (part.select(people.spec, seen) for part in (people.train, people.valid))
        data = TrainingData(train, valid, seen, columns.tasks)
        fitted = fit(data, settings, seed=int(self.seed))
        self.columns_, self.tasks_ = columns, columns.tasks
        self.network_, self.epoch_ = fitted.network, fitted.epoch
        self.history_ = fitted.history_records()
        self.n_features_in_ = len(seen.features)
        self.feature_names_in_ = np.array([feature.name for feature in seen.features], dtype=object)
        self.n_rows_ = {"train": len(train), "valid": len(valid), "left_out": people.n_left_out}
        self._data: TrainingData | None = data
        self._twins: dict[str, Any] = {}
        return self

    def predict(self, X: Any) -> Any:
        """Predictions of the rows of a frame, in their order and as the same kind of frame.

        Columns: ``<task>`` (a number in the task's unit, 0 or 1, a class, the list of labels), then its probabilities
        ``<task>__p`` or ``<task>__p_<class>``, those that a :class:`Scorer` gives; before them the key, where the frame
        has it.

        Raises:
            ValueError: if a feature is missing.
        """
        from mtl_models.serving.exported import run_network
        from mtl_models.serving.scorer import score_frame, with_key
        from mtl_models.training.reproducible import reproducible

        check_is_fitted(self)
        table = read_table(X, "X")
        inputs = to_matrices(table.frame, self.network_.spec)
        with reproducible(int(self.seed), self._settings().training.threads):
            scores = score_frame(self.network_.tasks, run_network(self.network_, inputs))
        return table.give(with_key(table.frame, scores, self.columns_.key or PERSON), self._output)

    def evaluate(
        self,
        X: Any,
        y: Any = None,
        *,
        twins: bool = True,
        baselines: Iterable[str] = (),
        settings: Mapping[str, Any] | EvaluationSettings | None = None,
    ) -> Evaluation:
        """Figures on people that the model was not trained on, with intervals by a bootstrap over people.

        Args:
            X: a frame with features and labels.
            y: the labels, where they do not stand in ``X``.
            twins: train the same network on each task alone, and say where sharing helps or hurts.
            baselines: ``linear``, and with the extra ``boosters`` ``lightgbm`` and ``catboost``, fitted on the same
                training rows.
            settings: ``replicates``, ``confidence``, ``min_count`` and so on, as the block ``evaluation``.

        Raises:
            ValueError: for a baseline that is not known or not installed, or a frame without labels.
        """
        from mtl_models.evaluating import evaluate

        check_is_fitted(self)
        table = _joined(X, y)
        chosen = _parsed(EvaluationSettings, settings, "settings")
        if not isinstance(twins, bool):
            raise TypeError(f"twins must be true or false, not {type(twins).__name__}")
        if self._data is None and (twins or tuple(baselines)):
            raise ValueError(
                "a model that was loaded does not hold the people that it was trained on: fit it again to evaluate it "
                "beside twins and baselines, or pass twins=False"
            )
        people = self.columns_.evaluated(table.frame, self.network_.spec)
        return evaluate(
            self.network_,
            people,
            data=self._data,
            settings=self._settings(),
            evaluation=chosen,
            twins=self._twins if twins else None,
            baselines=tuple(baselines),
            seed=int(self.seed),
            output=self._output or table.kind,
        )

    def export(
        self,
        path: str | os.PathLike[str],
        *,
        check: Any = None,
        metadata: Mapping[str, str] | None = None,
    ) -> Path:
        """Write the model as one ONNX file, after torch and onnxruntime were found to predict the same.

        Args:
            path: of the file, which is replaced as a whole.
            check: a frame to compare both on; by default the validation rows.
            metadata: texts to store in the file.

        Raises:
            ParityError: if they differ by more than 1e-5; then nothing is written.
        """
        from mtl_models.serving.export import export_onnx

        check_is_fitted(self)
        target = Path(path)
        if check is None and self._data is None:
            raise ValueError("check: a model that was loaded holds no rows to compare on: pass a frame")
        if check is None:
            assert self._data is not None
            inputs = self._data.valid.inputs
        else:
            inputs = to_matrices(read_table(check, "check").frame, self.network_.spec)
        partial = target.with_name(f".{target.name}.partial")
        texts = {**(metadata or {}), "key": self.columns_.key or PERSON}
        try:
            export_onnx(self.network_, partial, metadata=texts, check=inputs)
            partial.replace(target)
        finally:
            partial.unlink(missing_ok=True)
        return target

    def set_output(self, *, transform: str | None = None) -> Self:
        """Choose the kind of frame that comes out: ``pandas``, ``polars``, or ``default`` for the kind that is given.

        Raises:
            ValueError: for another word.
        """
        if transform not in ("pandas", "polars", "default", None):
            raise ValueError("transform must be 'pandas', 'polars', 'default' or None")
        if transform is not None:
            # the name under which scikit-learn's clone takes it along
            self._sklearn_output_config = {"transform": transform}
        return self

    @property
    def _output(self) -> Output | None:
        from sklearn import get_config

        chosen = getattr(self, "_sklearn_output_config", {}).get("transform", get_config()["transform_output"])
        return chosen if chosen in ("pandas", "polars") else None

    def _columns(self, frame: pl.DataFrame) -> Columns:
        """The parameters on columns, checked."""
        tasks = _tasks(self.tasks)
        if self.key is not None and not isinstance(self.key, str):
            raise TypeError(f"key must be the name of a column, not {type(self.key).__name__}")
        names = self.features
        if names is not None and (isinstance(names, str) or not all(isinstance(name, str) for name in names)):
            raise TypeError(f"features must be a list of names of columns, not {type(names).__name__}")
        share = self.validation
        if isinstance(share, bool) or not isinstance(share, Real | str):
            raise TypeError(f"validation must be a share or the name of a column, not {type(share).__name__}")
        if not isinstance(share, str) and not 0 < float(share) < 1:
            raise ValueError("validation must lie between 0 and 1 where it is a share")
        key = self.key or (PERSON if PERSON in frame.columns else None)
        part = share if isinstance(share, str) else None
        return Columns(tasks, key, part, None if names is None else tuple(names))

    def _settings(self) -> FitSettings:
        """The parameters on network and training, checked."""
        from mtl_models.training.fit import FitSettings

        if isinstance(self.seed, bool) or not isinstance(self.seed, Integral) or self.seed < 0:
            raise TypeError(f"seed must be a whole number from 0, not {type(self.seed).__name__}")
        given = self.training
        if isinstance(given, Mapping):
            given = {**DEFAULTS, **given}
        training = _parsed(TrainingSettings, DEFAULTS if given is None else given, "training")
        return FitSettings(
            _parsed(ModelSettings, self.model, "model"), training.model_copy(update={"seeds": (int(self.seed),)})
        )

    def __getstate__(self) -> dict[str, Any]:
        """A stored model holds no person: what it was trained on stays behind."""
        return {**super().__getstate__(), **({"_data": None} if hasattr(self, "_data") else {})}


def _joined(frame: Any, targets: Any) -> Table:
    """A frame with the columns of a second one beside its own."""
    table = read_table(frame, "X")
    if targets is None:
        return table
    other = read_table(targets, "y").frame
    if other.height != table.frame.height:
        raise ValueError(f"y has {other.height} rows and X has {table.frame.height}: give the same people in both")
    if same := [name for name in other.columns if name in table.frame.columns]:
        raise ValueError(f"y: column {same[0]} stands in X too: leave it out of one of them")
    return Table(table.frame.hstack(other), table.kind, table.index)


def _tasks(tasks: Any) -> tuple[Task, ...]:
    if isinstance(tasks, str | Task | Mapping) or not isinstance(tasks, Iterable):
        raise TypeError(f"tasks must be a list of Task, not {type(tasks).__name__}")
    listed = list(tasks)
    if wrong := [type(task).__name__ for task in listed if not isinstance(task, Task)]:
        raise TypeError(f"tasks must be a list of Task, not of {wrong[0]}")
    if not any(task.role == "main" for task in listed):
        raise ValueError("tasks must hold at least one main task")
    return load_tasks(task.to_dict() for task in listed)


def _parsed(kind: type[Chosen], given: Any, where: str) -> Chosen:
    if isinstance(given, kind):
        return given
    if given is not None and not isinstance(given, Mapping):
        raise TypeError(f"{where} must be a mapping or {kind.__name__}, not {type(given).__name__}")
    return parse_settings(kind, given, where=where)

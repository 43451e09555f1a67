"""pytorch-widedeep fitting the same mixed tasks, run by an interpreter of its own: it wants a numpy older than ours.

    python3.11 -m venv peer && peer/bin/pip install torch==2.13.0 pytorch-widedeep==1.7.0
    python -m benchmarks.training --peer peer/bin/python

Not started by hand: ``benchmarks.training`` writes the arrays and asks for epochs, a number a line; each answer is a
line with the seconds that ``Trainer.fit`` took.

What the peer cannot do: a missing label (its losses have no mask: NaN in, NaN out), so both sides get the people with
every label; a head with hidden layers a task; an average of the weights; a gradient of limited length. Labels of a
multilabel task are binary targets of their own; its one multiclass target stands last, since its loss takes columns by
their number and any other order would read the wrong ones.
"""

from __future__ import annotations

import sys
import time
from typing import Any


def main() -> None:
    import numpy as np
    import torch

    _let_torchvision_start(torch)
    from pytorch_widedeep import Trainer
    from pytorch_widedeep.losses_multitarget import MutilTargetRegressionAndClassificationLoss
    from pytorch_widedeep.models import TabMlp, WideDeep

    torch.set_num_threads(1)
    data = dict(np.load(sys.argv[1]))
    n_regression, n_binary, n_classes = (int(n) for n in data["outputs"])
    numbers = [f"n{place}" for place in range(data["train_values"].shape[1])]
    categories = [f"c{place}" for place in range(data["train_slots"].shape[1])]
    columns = {name: place for place, name in enumerate([*categories, *numbers])}
    # 0 is its padding
    sizes = [(name, int(size), int(data["d_embedding"])) for name, size in zip(categories, data["sizes"], strict=True)]

    def inputs(part: str) -> dict[str, Any]:
        table = np.concatenate([data[f"{part}_slots"] + 1, data[f"{part}_values"]], axis=1)
        return {"X_tab": table.astype("float32"), "target": data[f"{part}_targets"].astype("float32")}

    def fit(epochs: int) -> float:
        torch.manual_seed(0)
        tabular = TabMlp(
            column_idx=columns,
            cat_embed_input=sizes,
            continuous_cols=numbers,
            mlp_hidden_dims=[int(data["width"])],
            mlp_dropout=float(data["dropout"]),
        )
        binary = list(range(n_regression, n_regression + n_binary))
        trainer = Trainer(
            WideDeep(deeptabular=tabular, pred_dim=n_regression + n_binary + n_classes),
            objective="multitarget",
            custom_loss_function=MutilTargetRegressionAndClassificationLoss(
                regression_config=list(range(n_regression)),
                binary_config=binary,
                multiclass_config=[(n_regression + n_binary, n_classes)],
                reduction="sum",
            ),
            optimizers=torch.optim.AdamW(tabular.parameters(), lr=3e-3, weight_decay=1.0),
            num_workers=0,
            verbose=0,
        )
        start = time.perf_counter()
        trainer.fit(X_train=inputs("train"), X_val=inputs("valid"), n_epochs=epochs, batch_size=int(data["batch_size"]))
        return time.perf_counter() - start

    print("ready", flush=True)
    for line in sys.stdin:
        print(fit(int(line)), flush=True)


def _let_torchvision_start(torch: Any) -> None:
    """Name the operators that torchvision, which the peer imports and does not use here, lacks beside a CPU torch."""
    try:
        import torchvision  # noqa: F401
    except RuntimeError:
        for name in [name for name in sys.modules if name.startswith("torchvision")]:
            del sys.modules[name]
        library = torch.library.Library("torchvision", "DEF")
        for operator in ("nms", "qnms"):
            library.define(f"{operator}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        _KEPT.append(library)


_KEPT: list[Any] = []

if __name__ == "__main__":
    main()

"""Time of one dropout, forward and back, beside torch's own on the same values.

    python -m benchmarks.dropout [--rows 896] [--width 256] [--repeats 9]

896 rows are a batch of 128 people in seven views.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

from benchmarks.measuring import in_turns, one_core, show

OURS, TORCH = "mtl_models.network.dropout.Dropout", "torch.nn.Dropout"
TIMES = 200


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=896)
    parser.add_argument("--width", type=int, default=256)
    parser.add_argument("--repeats", type=int, default=9)
    options = parser.parse_args()
    one_core()
    import torch

    from mtl_models.network.dropout import Dropout

    torch.set_num_threads(1)
    values = torch.randn(options.rows, options.width, requires_grad=True)

    def steps(layer: torch.nn.Module) -> Callable[[], None]:
        def run() -> None:
            for _ in range(TIMES):
                layer(values).sum().backward()

        return run

    seconds = in_turns({OURS: steps(Dropout(0.5)), TORCH: steps(torch.nn.Dropout(0.5))}, options.repeats)
    show(
        f"dropout of {options.rows} x {options.width} values, one core",
        ("who", "milliseconds", "time against ours"),
        ((name, f"{1e3 * taken / TIMES:.2f}", f"{taken / seconds[OURS]:.2f}") for name, taken in seconds.items()),
        note=f"medians of {options.repeats} turns of {TIMES} passes",
    )


if __name__ == "__main__":
    main()

"""Decision curves: what a probability is worth at each threshold."""

from __future__ import annotations

import numpy as np
from matplotlib.ticker import MaxNLocator, PercentFormatter

from flows.report.drawing import GAIN, INK, MUTED, NEUTRAL, Plot, canvas
from flows.report.pairs import Pairs


def decision_curve(pairs: Pairs, min_count: int) -> Plot | None:
    """Net benefit by threshold, beside flagging everybody and nobody; nothing where too few people have a class.

    Source:
        Vickers and Elkin (2006), Medical Decision Making 26, 565-574.
    """
    n, cases = len(pairs.target), int(pairs.target.sum())
    if min(pairs.people(cases), pairs.people(n - cases)) < min_count:
        return None
    share = cases / n
    thresholds = np.linspace(0.005, min(0.9, max(0.1, 3 * share)), 60)
    odds = thresholds / (1 - thresholds)
    flagged = pairs.prediction[:, None] >= thresholds
    ours = (flagged * (pairs.target[:, None] - odds * (1 - pairs.target[:, None]))).sum(axis=0) / n
    everybody = share - odds * (1 - share)
    name = f"decision_{pairs.name}"
    with canvas(name, height=2.0, left=0.6, right=0.72) as drawn:
        axes = drawn.axes
        axes.axhline(0, color=MUTED, linewidth=1)
        axes.plot(thresholds, 100 * everybody, color=NEUTRAL, linewidth=1.4, linestyle=(0, (4, 2)))
        axes.plot(thresholds, 100 * ours, color=GAIN, linewidth=1.8)
        top = 100 * share
        axes.set(xlim=(0, thresholds[-1]), ylim=(-0.15 * top, 1.08 * top))
        axes.set(xlabel="threshold", ylabel="net benefit per 100")
        axes.text(1.02, max(100 * ours[-1], 0.09 * top), "model", transform=axes.get_yaxis_transform(), color=INK)
        axes.text(1.02, 0, "nobody", transform=axes.get_yaxis_transform(), va="center", color=INK)
        axes.xaxis.set_major_locator(MaxNLocator(5))
        axes.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
        axes.yaxis.set_major_locator(MaxNLocator(4))
        axes.grid()
    better = ours > np.maximum(everybody, 0)
    found = f"{better.mean():.0%} of the thresholds from {thresholds[0]:.1%} to {thresholds[-1]:.0%}"
    words = f"Solid the model, dashed everybody flagged. The model is worth more than everybody and nobody at {found}."
    return Plot(name, pairs.title, words, drawn.svg)

"""How the tasks share: gates, stitches, attention, affinity, and what one stop costs each task."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from flows.report.affinity import affinity_plots, conflicts
from flows.report.drawing import Plot
from flows.report.heat_map import heat_map
from flows.report.own_networks import merged
from flows.report.tables import Cell, Table
from flows.report.words import NBSP, label_name, short_title, signed

Rows = dict[str, dict[str, float]]
MOST_FEATURES = 12
OWN_STOP = "own"


def task_titles(summary: Mapping[str, Any]) -> Callable[[str], str]:
    """A task's title for a reader; an auxiliary task and an expert have their name."""
    titles = {name: short_title(record["title"]) for name, record in summary["tasks"].items()}
    return lambda name: titles.get(name) or label_name(name)


def sharing_plots(training: Mapping[str, Any], summary: Mapping[str, Any]) -> list[Plot]:
    """A figure of each thing that training left behind about sharing; none for a plain shared trunk."""
    titles, sharing = task_titles(summary), merged(training.get("sharing", {}))
    plots = [*_gate_plots(sharing, titles), *_stitch_plots(sharing, titles), *_distance_plots(sharing, titles)]
    if attention := sharing.get("attention"):
        plots.append(attention_plot(attention, titles))
    if affinity := training.get("affinity"):
        plots += affinity_plots(affinity, titles, looked_at=training.get("looked_at", ""))
    return plots


def _by_group(sharing: Mapping[str, Any], key: str) -> Iterator[tuple[str, Any]]:
    """What trunks reported under a key, with a title's tail: one for all, or one for each group of tasks."""
    if key not in sharing:
        return
    if "groups" not in sharing:
        yield "", sharing[key]
        return
    for place, value in enumerate(sharing[key].values()):
        yield f", group {place + 1}", value


def _gate_plots(sharing: Mapping[str, Any], titles: Callable[[str], str]) -> Iterator[Plot]:
    found = list(_by_group(sharing, "gates"))
    levels = [
        (f"{tail}, level {number + 1}" if len(each) > 1 else tail, level)
        for tail, gates in found
        for each in [gates if isinstance(gates, list) else [gates]]
        for number, level in enumerate(each)
    ]
    for number, (tail, level) in enumerate(levels):
        rows = {
            task: {_expert(name, task): share for name, share in shares.items()}
            for task, shares in level.items()
            if task != "shared"
        }
        yield heat_map(
            f"sharing_gates_{number}",
            f"Gates{tail}: what each outcome reads",
            rows,
            words="Mean share of each expert in what an outcome reads, over the validation people.",
            labels=titles,
            form=lambda share: f"{100 * share:.0f}{NBSP}%",
        )


def _expert(name: str, task: str) -> str:
    """An expert's name: numbered from 1, a task's own ones as such."""
    head, _, number = name.rpartition("_")
    return f"{'own' if head == task else head} {int(number) + 1}"


def _stitch_plots(sharing: Mapping[str, Any], titles: Callable[[str], str]) -> Iterator[Plot]:
    layers = [
        (f"{tail}, layer {number + 1}" if len(each) > 1 else tail, rows)
        for tail, each in _by_group(sharing, "stitches")
        for number, rows in enumerate(each)
    ]
    for number, (tail, rows) in enumerate(layers):
        yield heat_map(
            f"sharing_stitches_{number}",
            f"Cross-stitch{tail}",
            rows,
            words="The weight that an outcome (row) gives to the columns of each outcome.",
            labels=titles,
            form=signed,
            columns_are="reads from",
        )


def _distance_plots(sharing: Mapping[str, Any], titles: Callable[[str], str]) -> Iterator[Plot]:
    found = [(tail, _both_ways(pairs)) for tail, pairs in _by_group(sharing, "distance")]
    if "distance_rows" in sharing:
        found.append(("", sharing["distance_rows"]))
    for number, (tail, rows) in enumerate(found):
        order = list(rows)
        yield heat_map(
            f"sharing_distance_{number}",
            f"Distance between the outcomes' trunks{tail}",
            {one: {other: rows[one][other] for other in order if other in rows[one]} for one in order},
            words="Distance between the weights of two outcomes' trunks, 0 for the same.",
            labels=titles,
            form=lambda value: f"{value:.2f}",
        )


def _both_ways(pairs: Mapping[str, float]) -> Rows:
    rows: Rows = {}
    for pair, value in pairs.items():
        one, other = pair.split(", ")
        rows.setdefault(one, {})[other] = value
        rows.setdefault(other, {})[one] = value
    return rows


def attention_plot(attention: Mapping[str, Mapping[str, float]], titles: Callable[[str], str]) -> Plot:
    """The features that weigh most for any task."""
    largest = {name: max(row[name] for row in attention.values()) for name in next(iter(attention.values()))}
    chosen = sorted(largest, key=lambda name: (-round(largest[name], 9), name))[:MOST_FEATURES]
    rows = {feature: {task: row[feature] for task, row in attention.items()} for feature in chosen}
    return heat_map(
        "sharing_attention",
        "Features that weigh most",
        rows,
        words="Weight of a feature on the way into the trunk; 1 is the average of all features.",
        labels=lambda name: name.replace("__", ": ").replace("_", " ") if "__" in name else titles(name),
        form=lambda weight: f"{weight:.2f}",
        centre=1.0,
    )


def sharing_sentences(training: Mapping[str, Any], summary: Mapping[str, Any]) -> list[str]:
    """What the figures and the table say, in words."""
    titles, found = task_titles(summary), []
    sharing = merged(training.get("sharing", {}))
    if training.get("stop") == OWN_STOP:
        n = len({best["epoch"] for best in training.get("own_best", {}).values()})
        found.append(
            f"Each outcome stopped at its own best epoch and has the network of that epoch, {n} in all. Where networks "
            "say what they share, each outcome's row is of its own network."
        )
    if groups := sharing.get("groups"):
        named = "; ".join(", ".join(titles(task) for task in group) for group in groups)
        found.append(f"The outcomes are trained in {len(groups)} groups, each with a trunk of its own: {named}.")
    if affinity := training.get("affinity"):
        apart, pairs = conflicts(affinity)
        found.append(f"Pairs of outcomes whose gradients pull apart on average: {apart} of {pairs}.")
        for n, groups in affinity.get("groups", {}).items():
            if int(n) == len(affinity["cosine"]):
                continue  # groups of one
            named = "; ".join(", ".join(titles(task) for task in group) for group in groups)
            found.append(f"{n} groups that the affinity suggests: {named}.")
    return found


def own_best_table(training: Mapping[str, Any], summary: Mapping[str, Any]) -> Table | None:
    """Each task's own best epoch, and what the joint stop costs it."""
    own, kept = training.get("own_best"), training.get("best_epoch")
    if not own or len(own) < 2:
        return None
    titles, own_stop = task_titles(summary), training.get("stop") == OWN_STOP
    rows = []
    for task, best in own.items():
        cost = best["kept_loss"] / best["loss"] - 1 if best["loss"] > 0 else 0.0
        rows.append((Cell(titles(task)), Cell(str(best["epoch"])), Cell(str(kept)), Cell(f"{100 * cost:.1f}{NBSP}%")))
    kept_words = ("Its own best epoch", "Epoch kept for all")
    if own_stop:
        kept_words = ("Its own best epoch, kept", "Best epoch for all")
    columns = ("Outcome", *kept_words, "Higher loss by the joint stop")
    caption = "What one stop for all would cost" if own_stop else "What one stop for all costs"
    return Table(f"{caption}, by validation loss", columns, tuple(rows))

"""Names, numbers and sentences for a reader who is no statistician."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from mtl_models.kinds import find_metric
from mtl_models.metrics.settings import BOUND
from mtl_models.metrics.text import with_interval

MODELS = {
    "multi_task": "Shared model",
    "single_task": "Single-task twin",
    "linear": "Linear model",
    "lightgbm": "LightGBM",
    "catboost": "CatBoost",
}
ABOUT_MODELS = {
    "multi_task": "one network that learns all outcomes together; the model of this page",
    "single_task": "the same network, for a student its teacher's, trained on one outcome at a time",
    "linear": "ridge or logistic regression, one for each outcome",
    "lightgbm": "boosted trees, one ensemble for each outcome",
    "catboost": "boosted trees of another make, one ensemble for each outcome",
}
PROPER_NAMES = ("lightgbm", "catboost")
VERDICTS = {
    "sharing helps": "helps",
    "sharing hurts": "hurts",
    "gain": "better",
    "loss": "worse",
    "no difference": "unclear",
    "too few people": "too few people",
    "undefined": "undefined",
}
UNITLESS_DIGITS = 3
NBSP = "\u00a0"
NOT_SHOWN = "not shown"
UNDEFINED = "undefined"
NONE = "–"
_NUMBERS = {10: "ten", 20: "twenty", 100: "a hundred"}


def model_name(model: str) -> str:
    """A model's name for a reader."""
    return MODELS.get(model, model.replace("_", " ").capitalize())


def against_name(model: str) -> str:
    """A model's name inside a sentence, with its article."""
    name = model_name(model)
    return f"the {lower_first(name)}" if model in ABOUT_MODELS and model not in PROPER_NAMES else name


def metric_name(metric: str) -> str:
    """A metric's name for a reader."""
    known = find_metric(metric)
    return known.title if known else metric


def has_unit(metric: str) -> bool:
    """Whether a metric is in the outcome's unit."""
    known = find_metric(metric)
    return known is not None and known.has_unit


def short_title(title: str) -> str:
    """A title up to its first comma or bracket."""
    return title.split(" (")[0].split(",")[0]


def label_name(label: str) -> str:
    """A label's name for a reader."""
    return label.replace("_", " ").capitalize()


def number(value: float, metric: str) -> str:
    """A figure with as many digits as its metric deserves."""
    if has_unit(metric):
        digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2
        return f"{value:.{digits}f}".replace("-", "−")
    return f"{value:.{UNITLESS_DIGITS}f}".replace("-", "−")


def percent(value: float) -> str:
    """A relative gain in percent with its sign."""
    text = points(value)
    return f"{'' if text.startswith('−') or text == '0.0' else '+'}{text}{NBSP}%"


def points(value: float) -> str:
    """A share in hundredths, a minus where it is below zero."""
    text = f"{100 * value:.1f}"
    return "0.0" if float(text) == 0 else text.replace("-", "−")


def gain(value: float) -> str:
    """A relative gain in percent; what lies at its lower bound may lie anywhere below."""
    return f"{percent(value)} or worse" if value <= -BOUND else percent(value)


def gain_value(figure: Mapping[str, Any]) -> str:
    """A relative gain without its interval; of too few people none is shown."""
    if figure["value"] is None:
        return UNDEFINED
    return NOT_SHOWN if figure["low"] is None else gain(figure["value"])


def gain_text(figure: Mapping[str, Any] | None, names: Mapping[str, str] | None = None) -> str:
    """A relative gain on one line, ``+1.1 % [0.3, 1.9]``, with the tasks that its mean leaves out; a dash for none.

    Args:
        names: words for tasks; their own names if left out.
    """
    if figure is None:
        return NONE
    return with_interval(gain_value(figure), figure, points) + without(figure, names)


def without(mean: Mapping[str, Any], names: Mapping[str, str] | None = None) -> str:
    """The tasks without a figure, which a mean leaves out, as the end of a phrase; nothing if there are none."""
    left_out = [(names or {}).get(task, task) for task in mean.get("left_out", ())]
    return f", without {listing(left_out)} (no figure)" if left_out else ""


def figure_text(figure: Mapping[str, Any] | None, metric: str = "") -> str:
    """A metric on one line, ``0.845 [0.810, 0.880]``; a dash where it is undefined, hidden, or there is none."""
    if figure is None or figure["value"] is None:
        return NONE
    form = partial(number, metric=metric)
    return with_interval(form(figure["value"]), figure, form)


def signed(value: float, digits: int = 2) -> str:
    """A number with its sign, without the zero before the point."""
    text = f"{value:+.{digits}f}"
    if float(text) == 0:
        return "0"
    return text.replace("-", "−").replace("+0.", "+.").replace("−0.", "−.")


def level(confidence: float) -> str:
    """How wide an interval is, ``95 %``."""
    return f"{100 * confidence:g}{NBSP}%"


def chance(confidence: float) -> str:
    """How many intervals leave out the truth by chance, ``one in twenty``."""
    n = round(1 / (1 - confidence))
    return f"one in {_NUMBERS.get(n, str(n))}"


def interval_words(summary: Mapping[str, Any]) -> str:
    """What the intervals of an evaluation are over, for a title."""
    seeds = {model: len(record["seeds"]) for model, record in summary["models"].items()}
    wide = level(summary["settings"]["confidence"])
    if all(n == 1 for n in seeds.values()):
        return f"{wide} intervals over people"
    single = [model_name(model) for model, n in seeds.items() if n == 1]
    words = f"{wide} intervals over people and seeds"
    return f"{words}, for {listing(single)} over people alone" if single else words


def count(n: int | None, min_count: int) -> str:
    """A count of people or rows; a small one is only said to be small."""
    if n is None or 0 < n < min_count:
        return f"fewer than {min_count}"
    return f"{n:,}"


def listing(names: Sequence[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}" if names else ""


def lower_first(text: str) -> str:
    """The first letter small, unless the word is an abbreviation."""
    return text if len(text) > 1 and text[1].isupper() else text[:1].lower() + text[1:]

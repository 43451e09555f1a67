"""What a reader and a report need to know of each metric."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Metric:
    """One metric of a task.

    Attributes:
        name: its key in an evaluation.
        title: its name for a reader.
        about: what it says, as the rest of a sentence.
        has_unit: whether it is in the outcome's unit.
        recentred: whether resampling makes it larger, so that its interval is moved back to the estimate.
        too_good: the value above which a leak is more likely than a success; nothing where none is known.
    """

    name: str
    title: str
    about: str
    has_unit: bool = False
    recentred: bool = False
    too_good: float | None = None


R2 = Metric(
    name="r2",
    title="R²",
    about="share of the differences between people that is explained; 0 is no better than the mean, 1 perfect",
    too_good=0.9,
)
MAE = Metric(
    name="mae",
    title="Mean absolute error",
    about="how far off the prediction is on average, in the outcome's unit",
    has_unit=True,
)
RMSE = Metric(
    name="rmse",
    title="Root mean squared error",
    about="the same, with large errors counting more",
    has_unit=True,
)
AUROC = Metric(
    name="auroc",
    title="AUROC",
    about="how often someone with the outcome gets the higher probability of a pair; 0.5 is a coin toss, 1 perfect",
    too_good=0.95,
)
AUPRC = Metric(
    name="auprc",
    title="AUPRC",
    about="precision averaged over the people who have the outcome; a coin toss gives its share among all people",
)
BRIER = Metric(
    name="brier",
    title="Brier score",
    about="mean squared distance of probability and outcome; 0 is perfect",
)
LOG_LOSS = Metric(
    name="log_loss",
    title="Log-loss",
    about="penalty for giving what happened a low probability; 0 is perfect",
)
ECE = Metric(
    name="ece",
    title="Calibration error",
    about="mean distance of predicted and observed rate over ten groups of equal size; 0 is perfect",
    recentred=True,
)
CUT_AUROC = Metric(
    name="cut_auroc",
    title="AUROC of the cuts",
    about="of two people on different sides of a cut between the classes, how often the higher one gets the higher "
    "probability, as the mean over the cuts; 0.5 is a coin toss, 1 perfect",
    too_good=0.95,
)
RPS = Metric(
    name="rps",
    title="Ranked probability score",
    about="mean squared distance of probability and outcome over the cuts between classes; 0 is perfect",
)
ACCURACY = Metric(
    name="accuracy",
    title="Accuracy",
    about="share of people whose class is predicted",
)
MACRO_F1 = Metric(
    name="macro_f1",
    title="Macro F1",
    about="balance of finding and not over-calling a class, averaged over the classes",
)

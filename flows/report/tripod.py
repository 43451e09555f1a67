"""The items of TRIPOD+AI, and what of them a run can say.

Source:
    Collins et al., TRIPOD+AI statement: updated guidance for reporting clinical prediction models that use regression
    or machine learning methods (2024), BMJ 385, e078378. The items are given in our own words.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Item:
    """One item to report.

    Attributes:
        facts: names of what the run says of it.
        key: of ``card`` in params.yaml, where people write; empty where they need not.
    """

    number: str
    title: str
    facts: tuple[str, ...] = ()
    key: str = ""


ITEMS = (
    Item("1", "Title: what is predicted, in whom, by what kind of model", ("summary", "population")),
    Item("2", "Abstract", ("summary",)),
    Item("3a", "Context, and models that there are", key="context"),
    Item("3b", "Whom it is for, its purpose and its users", ("population",), "intended_use"),
    Item("3c", "Known health inequalities", key="inequalities"),
    Item("4", "Objectives: development, evaluation, or both", ("validation", "competitors")),
    Item("5a", "Sources of data", key="data_source"),
    Item("5b", "Dates", key="dates"),
    Item("6a", "Setting", key="setting"),
    Item("6b", "Who was eligible", ("population", "people")),
    Item("6c", "Treatments", key="treatments"),
    Item("7", "Preparation of the data", ("missing", "inputs")),
    Item("8a", "Outcomes, and when they are assessed", ("outcomes",)),
    Item("8b, 8c", "Who assessed outcomes, and what they knew", key="outcome_assessment"),
    Item("9a, 9b", "Predictors", ("inputs",)),
    Item("9c", "Who assessed predictors, and what they knew", key="predictor_assessment"),
    Item("10", "Sample size", ("people",), "sample_size"),
    Item("11", "Missing data", ("missing",)),
    Item("12a", "How the people were divided", ("people", "validation")),
    Item("12b, 12c", "The model, and how it was built", ("model",)),
    Item("12d", "Differences between places or centres", key="heterogeneity"),
    Item("12e", "Measures of performance", ("validation",)),
    Item("12f, 12g", "Updating, and how predictions are calculated", ("model",)),
    Item("13", "Classes of unequal size", ("decisions",)),
    Item("14", "Fairness: what was done", key="bias_mitigation"),
    Item("15", "Output and thresholds", ("outcomes",)),
    Item("16", "Differences between those who were learned from and those who were tested", ("people",)),
    Item("17", "Ethical approval", key="ethical_approval"),
    Item("18a", "Funding", key="funding"),
    Item("18b", "Conflicts of interest", key="conflicts"),
    Item("18c", "Protocol", key="protocol"),
    Item("18d", "Registration", key="registration"),
    Item("18e", "Data sharing", key="data_sharing"),
    Item("18f", "Code sharing", key="code_sharing"),
    Item("19", "Involvement of patients and the public", key="involvement"),
    Item("20a-c", "Participants", ("people", "missing")),
    Item("21", "People and events in each analysis", ("performance",)),
    Item("22", "The full model", ("identity", "model")),
    Item("23a", "Performance with intervals, in groups as well", ("performance", "calibration", "groups")),
    Item("23b", "Heterogeneity", key="heterogeneity"),
    Item("24", "Results of updating", ("identity",)),
    Item("25", "Interpretation", key="interpretation"),
    Item("26", "Limitations", ("limits",)),
    Item("27a", "Input that is poor or missing", ("missing",)),
    Item("27b", "Who handles it, and with what skill", key="handling"),
    Item("27c", "Next steps", key="next_steps"),
)

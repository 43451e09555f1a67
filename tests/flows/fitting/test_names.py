"""A model and its twins have a name each in tables, made from what they are and never taken apart again."""

from __future__ import annotations

from flows.fitting.names import MODEL, ModelName, models_in


def test_the_studys_model_and_its_twins_keep_their_names() -> None:
    assert (MODEL.text, MODEL.twin.text) == ("multi_task", "single_task")
    assert ModelName("soft").twin.text == "soft (single-task)"


def test_twins_are_told_by_the_model_beside_them() -> None:
    texts = ["soft", "soft (single-task)", "odd (single-task)", "single_task"]
    models = models_in(texts)
    assert list(models) == texts
    assert models["soft (single-task)"] == ModelName("soft").twin
    assert models["odd (single-task)"] == ModelName("odd (single-task)")  # a candidate may have that name
    assert not models["single_task"].is_twin
    assert models_in(["multi_task", "single_task"])["single_task"] == MODEL.twin

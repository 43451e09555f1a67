"""On whom models are compared: nobody whom either was trained on, the same people in the same order."""

from __future__ import annotations

import numpy as np
import polars as pl

from flows.nightly.judging.evidence import Evidence, marks
from flows.nightly.judging.held_out import FOLDS, not_learned, out_of_fold, said_then
from flows.nightly.judging.predicted import People
from mtl_models.data.dataset import PERSON

OURS, THEIRS = "a" * 64, "b" * 64


def people(*names: str) -> People:
    return People(pl.DataFrame({PERSON: names, "ill": [0.0] * len(names)}), FOLDS)


def trained_on(version: str, *names: str) -> Evidence:
    return Evidence(version, marks(pl.Series(names, dtype=pl.String), version).sort())


def said(version: str, rows: list[tuple[int, int, str, float]]) -> Evidence:
    """What a version said: rows of repeat, seed, person and probability."""
    frame = pl.DataFrame(
        rows, schema={"repeat": pl.Int32, "seed": pl.Int32, PERSON: pl.String, "ill__p": pl.Float64}, orient="row"
    )
    held_out = frame.with_columns(marks(frame[PERSON], version)).drop(PERSON).sort("repeat", "seed", "mark")
    return Evidence(version, held_out=held_out)


def test_a_mark_is_of_one_person_and_one_version() -> None:
    names = pl.Series(["1", "2", "3"])
    assert marks(names, OURS).n_unique() == 3
    assert marks(names, OURS).to_list() == marks(names, OURS).to_list()
    assert not set(marks(names, OURS)) & set(marks(names, THEIRS))


def test_nobody_is_judged_on_whom_a_model_was_trained_on() -> None:
    """Since the champion came, d has arrived and c was moved from its training part to the validation part."""
    rows, check = not_learned(
        people("a", "b", "c", "d"),
        {"challenger": trained_on(OURS, "x", "y"), "champion": trained_on(THEIRS, "c", "x")},
        min_count=1,
    )
    assert rows.tolist() == [True, True, False, True]
    assert (check.name, check.outcome) == ("people, champion", "pass")
    assert check.words == ("3 people out of fold that challenger and champion were not trained on; 1 were left out")
    hidden = not_learned(people("a", "c"), {"champion": trained_on(THEIRS, "c")}, min_count=10)[1]
    assert "fewer than 10 were left out" in hidden.words
    nobody = not_learned(people("c"), {"champion": trained_on(THEIRS, "c")}, min_count=1)[1]
    assert nobody.outcome == "fail"


def test_whom_a_version_of_before_was_trained_on_is_not_known_and_said() -> None:
    rows, check = not_learned(people("a", "b"), {"challenger": trained_on(OURS), "champion": Evidence(THEIRS)}, 1)
    assert rows.all()
    assert check.outcome == "not judged"
    assert "it was not kept whom the champion was trained on" in check.words


def test_out_of_fold_both_say_something_of_everyone_in_every_repeat() -> None:
    ours = said(OURS, [(repeat, 7, name, 0.1 * repeat) for repeat in (0, 1, 2) for name in "abcd"])
    theirs = said(THEIRS, [(repeat, seed, name, 0.5) for repeat in (0, 1) for seed in (0, 1) for name in "dcb"])
    found = out_of_fold(people("d", "a", "b", "c"), ours, theirs)
    assert found is not None
    who, (mine, other) = found
    assert who.targets[PERSON].to_list() == ["d", "b", "c"], "a came later than the other model"
    assert [frame["ill__p"].to_list() for frame in mine.frames] == [[0.0] * 3, [0.1] * 3]
    assert len(other.frames) == 2
    assert out_of_fold(people("a", "b"), ours, Evidence(THEIRS)) is None
    assert out_of_fold(people("x"), ours, theirs) is None


def test_seeds_of_a_fixed_split_are_frames_of_the_same_people() -> None:
    kept = said(OURS, [(0, seed, name, seed + n / 10) for seed in (0, 1) for n, name in enumerate("ab")])
    frames = kept.seeds(pl.Series(["b", "new", "a"]))
    assert [frame["ill__p"].to_list() for frame in frames] == [[0.1, None, 0.0], [1.1, None, 1.0]]
    then = said_then(kept, pl.Series(["b", "new", "a"]))
    assert then is not None
    assert then[0].tolist() == [True, False, True]
    assert then[1].of(then[0]).frames[0]["ill__p"].to_list() == [0.1, 0.0]
    assert said_then(kept, pl.Series(["new"])) is None
    assert said_then(Evidence(OURS), pl.Series(["a"])) is None
    assert np.array_equal(kept.repeats(pl.Series(["b"]))[0]["ill__p"].to_numpy(), [0.1])

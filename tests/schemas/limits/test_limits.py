"""What a delivery may lose: floods of the heart cases, the training data's own share, small drops."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.contract import Contract, load_contract
from schemas.limits.chance import upper_tail
from schemas.limits.excess import Excess, sentences
from schemas.limits.judgement import Limits, excesses
from schemas.splitting.results import StudyResult
from schemas.splitting.study import validate_folder
from tests.support import SAMPLES

CASES = Path(__file__).parents[2] / "cases" / "heart"
OUTCOME = ("cleveland.target",)
Write = Callable[..., Path]


def passed(case: str, reference: StudyResult | None = None, **limits: Any) -> tuple[Excess, ...]:
    contract = load_contract("heart")
    summary = validate_folder(CASES / case, contract, optional_columns=OUTCOME).summary()
    known = reference.summary() if reference else None
    return excesses(summary, contract, Limits(**limits), reference=known, may_be_empty=OUTCOME)


FLOODS = {
    "decimal_comma": ("max_nulled_share", {"trestbps": 120, "chol": 120, "oldpeak": 120}, "decimal commas (120)"),
    "labels_features": (
        "max_nulled_share",
        {"cp": 120, "fbs": 120, "exang": 120},
        "not declared (120), 2 different",
    ),
    "true_false": (
        "max_nulled_share",
        {"fbs": 120, "exang": 120},
        "labels that are not declared (120), 2 different",
    ),
    "all_null_cols": (
        "max_empty_share",
        dict.fromkeys(["chol", "thalach", "exang", "oldpeak", "slope"], 120),
        "120 of 120 cells are empty (100.0%",
    ),
    "chol_mmol": ("max_nulled_share", {"chol": 120}, "looks like numbers in mmol/L (120) where mg/dL is declared"),
    "bp_kpa": ("max_nulled_share", {"trestbps": 120}, "looks like numbers in kPa (120) where mmHg is declared"),
    "chol_zero": ("max_nulled_share", {"chol": 120}, "out_of_range (120), it looks like zeros (120)"),
    "uci_header_num": ("max_nulled_share", {"target": 39}, "codes that are not declared (39)"),
    "excel_dates": ("max_nulled_share", {"oldpeak": 18}, "looks like dates (18)"),
}


@pytest.mark.parametrize("compared", [True, False], ids=["against training", "no reference"])
@pytest.mark.parametrize("case", FLOODS)
def test_every_flood_is_found_and_named(case: str, compared: bool, heart: StudyResult) -> None:
    key, columns, words = FLOODS[case]
    found = passed(case, heart if compared else None)
    assert {excess.column: excess.n for excess in found} == columns
    assert {excess.key for excess in found} == {key}
    assert any(words in excess.sentence() for excess in found)
    assert all(f"cleveland.{column}" in text for column, text in zip(columns, sentences(found), strict=True))


@pytest.mark.parametrize("compared", [True, False], ids=["against training", "no reference"])
@pytest.mark.parametrize("case", ["good120", "one_bad_of_ten"])
def test_what_is_sound_or_small_passes(case: str, compared: bool, heart: StudyResult) -> None:
    assert passed(case, heart if compared else None) == ()


def test_one_bad_age_of_ten_rejects_one_person() -> None:
    table = validate_folder(CASES / "one_bad_of_ten", load_contract("heart")).tables["cleveland"]
    assert (table.n_valid, table.n_rejected) == (9, 1)
    assert table.rejected_by_column_and_rule == {"age": {"not_a_number": 1}}
    assert table.looks == {"age": {"limit_sign": 1}}


def test_no_sentence_quotes_a_label_or_a_value() -> None:
    for case in FLOODS:
        said = " ".join(sentences(passed(case)))
        assert not any(text in said for text in ("angina", "Yes", "TRUE", "Checked", "Mrz", "145,0", "19.3")), case


@pytest.mark.parametrize("study", SAMPLES)
def test_the_sample_studies_pass_alone_and_beside_themselves(study: str, raw: Callable[[str], Path]) -> None:
    contract = load_contract(study)
    summary = validate_folder(raw(study), contract).summary()
    assert excesses(summary, contract, Limits()) == ()
    assert excesses(summary, contract, Limits(), reference=summary) == ()


def people(write: Write, n: int, **columns: Callable[[int], str]) -> Path:
    """``n`` people, whose BPX table holds what the functions of a row's number say."""
    rows = [{"SEQN": str(90_000 + i), **{name: text(i) for name, text in columns.items()}} for i in range(n)]
    return write(
        DEMO=[{"SEQN": row["SEQN"], "RIDAGEYR": row.pop("RIDAGEYR", "40")} for row in rows],
        BPX=rows,
        **{table: [{"SEQN": row["SEQN"]} for row in rows] for table in ("SLQ", "DIQ", "DBQ")},
    )


OTHERS = ("SLQ.*", "DIQ.*", "DBQ.*", "DEMO.*")


def judged(folder: Path, contract: Contract, reference: Any = None, **limits: Any) -> dict[str, Excess]:
    """Limits that the table BPX, or the rows of a table, pass."""
    summary = validate_folder(folder, contract).summary()
    limits = {"exempt": OTHERS, **limits}
    found = excesses(summary, contract, Limits(**limits), reference=reference)
    return {excess.where: excess for excess in found}


@pytest.mark.parametrize(
    ("n", "bad", "stops"), [(10, 1, False), (10, 2, False), (10, 3, True), (1, 1, True), (150, 4, True)]
)
def test_rejected_rows_have_an_allowance_unless_nobody_is_left(
    write: Write, mini: Contract, n: int, bad: int, stops: bool
) -> None:
    folder = people(write, n, RIDAGEYR=lambda i: "x" if i < bad else "40")
    found = judged(folder, mini, exempt=("*",))
    assert ("DEMO" in found) == stops
    if stops:
        assert found["DEMO"].sentence().startswith(f"DEMO: {bad} of {n} rows are rejected")
        assert f"RIDAGEYR not_a_number ({bad})" in found["DEMO"].sentence()


def test_a_column_is_compared_with_what_training_loses(write: Write, mini: Contract) -> None:
    def summary_of(n_bad: int) -> Any:
        folder = people(write, 400, BPXSY1=lambda i: "9999" if i < n_bad else "120")
        return validate_folder(folder, mini).summary()

    usual, clean = summary_of(100), summary_of(0)
    rest = tuple(f"BPX.{name}" for name in mini.tables["BPX"].to_schema().columns if name not in ("SEQN", "BPXSY1"))
    now = people(write, 400, BPXSY1=lambda i: "9999" if i < 104 else "120")
    exempt = (*OTHERS, *rest)
    assert judged(now, mini, usual, exempt=exempt) == {}
    assert (
        judged(now, mini, clean, exempt=exempt)["BPX.BPXSY1"]
        .sentence()
        .startswith(
            "BPX.BPXSY1: 104 of 400 values were emptied for a broken rule (26.0%, 0.0% in training, "
            "validation.max_nulled_share allows 2.0% more): out_of_range (104)"
        )
    )
    assert judged(now, mini, clean, exempt=(*exempt, "BPX.BPXSY1")) == {}


def test_five_percent_nulled_is_a_flood_and_five_of_a_hundred_may_be_chance(write: Write, mini: Contract) -> None:
    clean = validate_folder(people(write, 300, BPXSY1=lambda i: "120"), mini).summary()
    rest = tuple(f"BPX.{name}" for name in mini.tables["BPX"].to_schema().columns if name not in ("SEQN", "BPXSY1"))
    many = people(write, 1000, BPXSY1=lambda i: "x" if i % 20 == 0 else "120")
    assert set(judged(many, mini, clean, exempt=(*OTHERS, *rest))) == {"BPX.BPXSY1"}
    few = people(write, 100, BPXSY1=lambda i: "x" if i % 20 == 0 else "120")
    assert judged(few, mini, clean, exempt=(*OTHERS, *rest)) == {}


def test_empty_cells_are_measured_by_the_values_that_training_lets_expect(write: Write, mini: Contract) -> None:
    """A column that one in ten have is lost when nobody has it, though only a tenth of its cells changed."""
    tenth = validate_folder(people(write, 500, BPXSY1=lambda i: "120" if i % 10 == 0 else ""), mini).summary()
    none = people(write, 500, BPXSY1=lambda i: "")
    found = judged(none, mini, tenth)
    assert set(found) == {"BPX.BPXSY1"}
    assert "500 of 500 cells are empty (100.0%, 90.0% in training" in found["BPX.BPXSY1"].sentence()
    fewer = people(write, 500, BPXSY1=lambda i: "120" if i % 11 == 0 else "")
    assert judged(fewer, mini, tenth) == {}
    small = people(write, 20, BPXSY1=lambda i: "")
    assert judged(small, mini, tenth) == {}, "of twenty people two were expected, none is no surprise"


def test_people_without_a_row_are_empty_cells_too(write: Write, mini: Contract) -> None:
    full = validate_folder(people(write, 100, BPXSY1=lambda i: "120"), mini).summary()
    folder = people(write, 100, BPXSY1=lambda i: "120")
    (folder / "BPX.csv").write_text((folder / "BPX.csv").read_text().splitlines()[0] + "\n")
    for reference in (full, None):
        assert judged(folder, mini, reference)["BPX"].sentence().startswith("BPX: 100 of 100 people have no row")
    assert judged(folder, mini, full, exempt=("*",)) == {}


def test_an_exemption_that_matches_nothing_is_said(write: Write, mini: Contract) -> None:
    with pytest.raises(ValueError, match=r"validation.exempt: BPX.BPXSY9 matches no column of mini"):
        judged(people(write, 3), mini, exempt=("BPX.BPXSY9",))


def test_small_counts_can_be_left_unsaid() -> None:
    excess = Excess(
        table="t",
        column="c",
        key="max_nulled_share",
        n=7,
        of=20,
        limit=0.02,
        rules={"out_of_range": 7},
        looks={"zero": 7},
    )
    assert excess.sentence() == (
        "t.c: 7 of 20 values were emptied for a broken rule (35.0%, validation.max_nulled_share allows 2.0%): "
        "out_of_range (7), it looks like zeros (7)"
    )
    assert excess.sentence(10) == (
        "t.c: fewer than 10 of 20 values were emptied for a broken rule (validation.max_nulled_share allows 2.0%): "
        "out_of_range (fewer than 10), it looks like zeros (fewer than 10)"
    )


@given(n=st.integers(1, 60), k=st.integers(0, 61), p=st.integers(1, 99))
def test_the_tail_is_the_exact_sum(n: int, k: int, p: int) -> None:
    share = Fraction(p, 100)
    exact = sum(math.comb(n, i) * share**i * (1 - share) ** (n - i) for i in range(k, n + 1))
    assert upper_tail(k, n, float(share)) == pytest.approx(float(exact), rel=1e-9, abs=1e-12)


def test_tails_by_hand() -> None:
    assert upper_tail(1, 2, 0.5) == pytest.approx(0.75)
    assert upper_tail(10, 10, 0.1) == pytest.approx(1e-10)
    assert upper_tail(3, 1_000_000, 1e-6) == pytest.approx(1 - math.exp(-1) * 2.5, rel=1e-4)


@pytest.mark.parametrize(("distinct", "words"), [(1, "(90), all the same label"), (4, "(90), 4 different labels")])
def test_the_number_of_different_labels_is_said(distinct: int, words: str) -> None:
    looks = {"undeclared_label": 90, "distinct_labels": distinct}
    excess = Excess(table="A", column="b", key="max_nulled_share", n=90, of=100, limit=0.02, looks=looks)
    assert excess.sentence().endswith(f"it looks like labels that are not declared {words}")

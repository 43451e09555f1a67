"""NHANES targets: every task's outcome, main and auxiliary, null where the label is missing."""

from __future__ import annotations

import polars as pl

from flows.features.build import Tables
from mtl_models.data.dataset import PERSON

KEY = pl.col("SEQN").alias(PERSON)


def targets(tables: Tables) -> pl.DataFrame:
    """Every task's targets, null where the label is missing; one row for everybody in the person table."""
    frame = tables["DEMO"].select(KEY)
    readings = pl.mean_horizontal("BPXSY1", "BPXSY2", "BPXSY3")  # of the readings that are there
    phq = [f"DPQ0{item}0" for item in range(1, 10)]
    answered = pl.all_horizontal(pl.col(phq).is_not_null())
    health = {"Excellent": 0, "Very good": 1, "Good": 2, "Fair": 3, "Poor": 4}
    conditions = {
        "asthma": "MCQ010",
        "arthritis": "MCQ160A",
        "heart_attack": "MCQ160E",
        "stroke": "MCQ160F",
        "cancer": "MCQ220",
    }
    parts = [
        tables["TCHOL"].select(KEY, tc="LBXTC"),
        tables["BMX"].select(KEY, weight="BMXWT"),
        tables["BPX"].select(KEY, sbp=readings),
        tables["GHB"].select(KEY, hba1c="LBXGH"),
        # borderline is neither yes nor no
        tables["DIQ"].select(
            KEY,
            pl.col("DIQ010")
            .cast(pl.String)
            .replace_strict({"Yes": 1, "No": 0}, default=None)
            .cast(pl.Int8)
            .alias("diabetes"),
        ),
        tables["DPQ"].select(KEY, depression=pl.when(answered).then(pl.sum_horizontal(phq) >= 10).cast(pl.Int8)),
        tables["HSQ"].select(
            KEY, pl.col("HSD010").cast(pl.String).replace_strict(health, default=None).cast(pl.Int8).alias("genhealth")
        ),
        tables["MCQ"].select(
            KEY, *(pl.col(code).cast(pl.Int8).alias(f"chronic__{name}") for name, code in conditions.items())
        ),
    ]
    for part in (*parts, *_auxiliary(tables)):
        frame = frame.join(part, on=PERSON, how="left", maintain_order="left")
    return frame.sort(PERSON)


def _auxiliary(tables: Tables) -> list[pl.DataFrame]:
    """What may be learned beside the outcomes and is never scored."""
    phq = [f"DPQ0{item}0" for item in range(1, 10)]
    answered = pl.all_horizontal(pl.col(phq).is_not_null())
    return [
        tables["HDL"].select(KEY, hdl="LBDHDD"),
        tables["DXX"].select(KEY, fat_pct="DXDTOPF", trunk_fat_pct="DXDTRPF"),
        tables["DR2TOT"].select(
            KEY,
            # energy, sugar, fat and fibre of the second recalled day are skewed
            *(
                pl.col(f"DR2T{code}").cast(pl.Float64).log1p().round(6).alias(name)
                for code, name in (("KCAL", "d2_kcal"), ("SUGR", "d2_sugar"), ("TFAT", "d2_fat"), ("FIBE", "d2_fibre"))
            ),
        ),
        tables["BPX"].select(KEY, dbp=pl.mean_horizontal("BPXDI1", "BPXDI2", "BPXDI3")),
        tables["BMX"].select(KEY, waist="BMXWAIST", bmi="BMXBMI"),
        # the sum behind the threshold of ten
        tables["DPQ"].select(KEY, phq9=pl.when(answered).then(pl.sum_horizontal(phq))),
        tables["DIQ"].select(KEY, prediabetes="DIQ160"),
    ]

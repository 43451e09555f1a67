"""Diet tables: DBQ (behaviour), DR1TOT and DR2TOT (recalls of two days)."""

from __future__ import annotations

from functools import partial
from typing import Any

import polars as pl

from schemas.fields import across, binary, category, flag, integer, number
from schemas.nhanes.common import REFUSED_7777, REFUSED_777777, NhanesTable

_infant_age = partial(integer, unit="days", low=1, sas_zero=True)
_RARELY = {"Never": "Never", "Rarely-less than once a week": "Less than once a week"}
_milk = partial(
    category,
    labels={
        **_RARELY,
        "Sometimes-once a week or more but less than once a day": "Once a week or more",
        "Often-once a day or more": "Once a day or more",
        "Varied": "Varied",
    },
)
_school_meals = partial(integer, unit="times a week", low=0, high=5, sas_zero=True, special=REFUSED_7777)
_price = partial(category, labels=("Free", "Reduced price", "Full price"), privacy="sensitive")
# "More than" stands for the smallest number that it admits
_meals = partial(integer, unit="meals a week", low=0, high=22, sas_zero=True, special={5555: 22, **REFUSED_7777})
_times = partial(integer, unit="times in 30 days", low=0, high=91, sas_zero=True, special={6666: 91, **REFUSED_7777})


class DBQ(NhanesTable):
    """Diet behaviour and nutrition."""

    DBQ010: pl.Int8 = binary("Ever breastfed")
    # Zero says never or not yet: no age
    DBD030: int = _infant_age(
        "Age when breastfeeding stopped (1096: later)",
        high=1096,
        special={0: "still_breastfed", 666666: 1096, **REFUSED_777777},
    )
    DBD041: int = _infant_age(
        "Age when first fed formula (366: later)", high=366, special={0: "never", 666666: 366, **REFUSED_777777}
    )
    DBD050: int = _infant_age(
        "Age when formula stopped (1096: later)",
        high=1096,
        special={0: "still_on_formula", 666666: 1096, **REFUSED_777777},
    )
    DBD055: int = _infant_age(
        "Age when other food or drink started (731: later)",
        high=731,
        special={0: "never", 666666: 731, **REFUSED_777777},
    )
    DBD061: int = _infant_age(
        "Age when first fed milk (1096: later)", high=1096, special={0: "never", 666666: 1096, **REFUSED_777777}
    )
    DBQ073A: pl.Int8 = flag("First milk: whole", "Whole or regular milk")
    DBQ073B: pl.Int8 = flag("First milk: 2 % fat", "11")
    DBQ073C: pl.Int8 = flag("First milk: 1 % fat", "12")
    DBQ073D: pl.Int8 = flag("First milk: fat free", "13")
    DBQ073E: pl.Int8 = flag("First milk: soy", "14")
    DBQ073U: pl.Int8 = flag("First milk: other", "30")
    DBQ700: pl.Enum = category("How healthy the diet is", ("Excellent", "Very good", "Good", "Fair", "Poor"))
    DBQ197: pl.Enum = category(
        "Milk products in the past 30 days",
        {
            **_RARELY,
            "Sometimes-once a week or more but less than once a day or": "Once a week or more",
            "Often-once a day or more?": "Once a day or more",
            "Varied": "Varied",
        },
    )
    DBQ223A: pl.Int8 = flag("Drinks whole milk", "Whole or regular")
    DBQ223B: pl.Int8 = flag("Drinks 2 % milk", "11")
    DBQ223C: pl.Int8 = flag("Drinks 1 % milk", "12")
    DBQ223D: pl.Int8 = flag("Drinks skimmed milk", "13")
    DBQ223E: pl.Int8 = flag("Drinks soy milk", "14")
    DBQ223U: pl.Int8 = flag("Drinks another milk", "30")
    DBQ229: pl.Enum = category(
        "Regular milk drinker",
        {
            "{I've/He's/She's} never been a regular milk drinker;": "Never",
            "{My/His/Her} milk drinking has varied over {my/his/her} life-sometimes {I've/he's/she's} been a regular"
            " milk drinker": "Varied",
            "{I've/He's/She's} been a regular milk drinker for most or all of {my/his/her} life including"
            " {my/his/her} childhood": "Most or all of life",
        },
    )
    DBQ235A: pl.Enum = _milk("How often milk at 5 to 12")
    DBQ235B: pl.Enum = _milk("How often milk at 13 to 17")
    DBQ235C: pl.Enum = _milk("How often milk at 18 to 35")
    DBQ301: pl.Int8 = binary("Meals delivered by community or government")
    DBQ330: pl.Int8 = binary("Eats meals at a community or senior centre")
    DBQ360: pl.Int8 = binary("Attends kindergarten to high school")
    DBQ370: pl.Int8 = binary("School serves lunches")
    DBD381: int = _school_meals("School lunches")
    DBQ390: pl.Enum = _price("Price of the school lunch")
    DBQ400: pl.Int8 = binary("School serves breakfast each day")
    DBD411: int = _school_meals("School breakfasts")
    DBQ421: pl.Enum = _price("Price of the school breakfast")
    DBQ424: pl.Enum = category(
        "Free or cheaper meal in a summer programme",
        {"0": "No", "1": "Yes", "Did not attend summer program": "Did not attend"},
        privacy="sensitive",
    )
    DBD895: int = _meals("Meals not prepared at home (22: more than 21)")
    DBD900: int = _meals("Meals from fast food or pizza places (22: more than 21)")
    DBD905: int = _times("Ready-to-eat foods (91: more than 90)")
    DBD910: int = _times("Frozen meals or pizza (91: more than 90)")
    CBQ596: pl.Int8 = binary("Heard of My Plate")
    CBQ606: pl.Int8 = binary("Looked up My Plate")
    CBQ611: pl.Int8 = binary("Tried the My Plate plan")
    DBQ930: pl.Int8 = binary("Main meal planner or preparer")
    DBQ935: pl.Int8 = binary("Shares meal planning or preparing")
    DBQ940: pl.Int8 = binary("Main food shopper")
    DBQ945: pl.Int8 = binary("Shares food shopping")

    fast_food_fits = across(
        "DBD900",
        name="fast_food_within_meals_out",
        why="fast-food meals are meals not prepared at home",
        holds=pl.col("DBD900") <= pl.col("DBD895"),
    )


_intake = partial(number, low=0, sas_zero=True)
_energy = partial(_intake, "Energy", unit="kcal", high=25_000, decimals=0)
_protein = partial(_intake, "Protein", unit="g", high=1_500, decimals=2)
_carbohydrate = partial(_intake, "Carbohydrate", unit="g", high=3_000, decimals=2)
_sugar = partial(_intake, "Total sugars", unit="g", high=2_500, decimals=2)
_fibre = partial(_intake, "Dietary fibre", unit="g", high=300, decimals=1)
_fat = partial(_intake, "Total fat", unit="g", high=1_500, decimals=2)
_saturated = partial(_intake, "Saturated fatty acids", unit="g", high=600, decimals=3)
_monounsaturated = partial(_intake, "Monounsaturated fatty acids", unit="g", high=600, decimals=3)
_polyunsaturated = partial(_intake, "Polyunsaturated fatty acids", unit="g", high=600, decimals=3)
_cholesterol = partial(_intake, "Cholesterol", unit="mg", high=8_000, decimals=0)
_alcohol = partial(_intake, "Alcohol", unit="g", high=1_500, decimals=1)


def _part(part: str, whole: str) -> Any:
    return across(
        part,
        name="part_within_whole",
        why=f"no more than {whole}, with 0.1 g for rounding",
        holds=pl.col(part) <= pl.col(whole) + 0.1,
    )


def _fatty_acids(*parts: str, whole: str) -> Any:
    return across(
        *parts,
        name="fatty_acids_within_fat",
        why=f"the three kinds together no more than {whole}, with 0.1 g for rounding",
        holds=pl.sum_horizontal(*parts) <= pl.col(whole) + 0.1,
    )


class DR1TOT(NhanesTable):
    """Dietary recall, totals of day 1."""

    DBD100: pl.Enum = category("How often salt is added at the table", ("Rarely", "Occasionally", "Very often"))
    DRQSDIET: pl.Int8 = binary("On a special diet")
    DRQSDT1: pl.Int8 = flag("Diet: weight loss, low calorie", "1")
    DRQSDT2: pl.Int8 = flag("Diet: low fat, low cholesterol", "2")
    DRQSDT3: pl.Int8 = flag("Diet: low salt", "3")
    DRQSDT7: pl.Int8 = flag("Diet: diabetic", "7")
    DRQSDT9: pl.Int8 = flag("Diet: low carbohydrate", "9")
    DR1TKCAL: float = _energy()
    DR1TPROT: float = _protein()
    DR1TCARB: float = _carbohydrate()
    DR1TSUGR: float = _sugar()
    DR1TFIBE: float = _fibre()
    DR1TTFAT: float = _fat()
    DR1TSFAT: float = _saturated()
    DR1TMFAT: float = _monounsaturated()
    DR1TPFAT: float = _polyunsaturated()
    DR1TCHOL: float = _cholesterol()
    DR1TALCO: float = _alcohol()
    DRD370B: pl.Int8 = binary("Ate tuna in the past 30 days")

    sugar_fits = _part("DR1TSUGR", "DR1TCARB")
    fibre_fits = _part("DR1TFIBE", "DR1TCARB")
    fat_fits = _fatty_acids("DR1TSFAT", "DR1TMFAT", "DR1TPFAT", whole="DR1TTFAT")


class DR2TOT(NhanesTable):
    """Dietary recall, totals of day 2, by telephone 3 to 10 days later."""

    DR2TKCAL: float = _energy()
    DR2TPROT: float = _protein()
    DR2TCARB: float = _carbohydrate()
    DR2TSUGR: float = _sugar()
    DR2TFIBE: float = _fibre()
    DR2TTFAT: float = _fat()
    DR2TSFAT: float = _saturated()
    DR2TMFAT: float = _monounsaturated()
    DR2TPFAT: float = _polyunsaturated()
    DR2TCHOL: float = _cholesterol()
    DR2TALCO: float = _alcohol()

    sugar_fits = _part("DR2TSUGR", "DR2TCARB")
    fibre_fits = _part("DR2TFIBE", "DR2TCARB")
    fat_fits = _fatty_acids("DR2TSFAT", "DR2TMFAT", "DR2TPFAT", whole="DR2TTFAT")

"""Questionnaire tables on health: DIQ, DLQ, DPQ, HSQ, MCQ, PFQ, WHQ."""

from __future__ import annotations

from functools import partial

import polars as pl

from schemas.fields import DONT_KNOW, REFUSED, binary, category, flag, integer, number, score
from schemas.nhanes.common import REFUSED_777, REFUSED_7777, REFUSED_77777, NhanesTable

# A "7" or "9" for refused or don't know is blank in this copy wherever the answer was yes or no.
_phq = partial(
    score,
    codes={0: "Not at all", 1: "Several days", 2: "More than half the days", 3: "Nearly every day"},
    privacy="sensitive",
)
_feeling = partial(
    score, codes={0: "Never", 1: "A few times a year", 2: "Monthly", 3: "Weekly", 4: "Daily"}, privacy="sensitive"
)
# 16 stands for 16 and younger, 80 for 80 and older
_onset = partial(integer, unit="years", low=16, high=80, special=REFUSED_77777)


class DIQ(NhanesTable):
    """Diabetes."""

    DIQ010: pl.Enum = category("Told by a doctor to have diabetes", {"0": "No", "Borderline": "Borderline", "1": "Yes"})
    DID040: int = integer(
        "Age when first told to have diabetes (0: before the first birthday, 80: 80 and over)",
        unit="years",
        low=0,
        high=80,
        special={666: 0, **REFUSED_777},
    )
    DIQ160: pl.Int8 = binary("Ever told to have prediabetes")
    DIQ170: pl.Int8 = binary("Ever told to be at risk of diabetes")
    DIQ175A: pl.Int8 = flag("At risk of diabetes by family history", "Family history")
    DIQ050: pl.Int8 = binary("Taking insulin now")
    DIQ070: pl.Int8 = binary("Taking pills to lower blood sugar")
    DIQ280: float = number("Last HbA1c level, as told", unit="%", low=2, high=25, decimals=1, special=REFUSED_777)


class DLQ(NhanesTable):
    """Disability."""

    DLQ010: pl.Int8 = binary("Serious difficulty hearing")
    DLQ020: pl.Int8 = binary("Serious difficulty seeing")
    DLQ040: pl.Int8 = binary("Serious difficulty concentrating")
    DLQ050: pl.Int8 = binary("Serious difficulty walking")
    DLQ060: pl.Int8 = binary("Difficulty dressing or bathing")
    DLQ080: pl.Int8 = binary("Difficulty doing errands alone")
    DLQ100: int = _feeling("How often worried or anxious")
    DLQ110: pl.Int8 = binary("Takes medication for these feelings", privacy="sensitive")
    DLQ140: int = _feeling("How often depressed")
    DLQ150: pl.Int8 = binary("Takes medication for depression", privacy="sensitive")


class DPQ(NhanesTable):
    """Depression screener (PHQ-9)."""

    DPQ010: int = _phq("Little interest in doing things")
    DPQ020: int = _phq("Feeling down, depressed or hopeless")
    DPQ030: int = _phq("Trouble sleeping or sleeping too much")
    DPQ040: int = _phq("Feeling tired or having little energy")
    DPQ050: int = _phq("Poor appetite or overeating")
    DPQ060: int = _phq("Feeling bad about oneself")
    DPQ070: int = _phq("Trouble concentrating on things")
    DPQ080: int = _phq("Moving or speaking slowly or too fast")
    DPQ090: int = _phq("Thought of being better off dead")
    DPQ100: pl.Enum = category(
        "Difficulty that these problems have caused",
        ("Not at all difficult", "Somewhat difficult", "Very difficult", "Extremely difficult"),
        privacy="sensitive",
    )


class HSQ(NhanesTable):
    """Current health status."""

    HSD010: pl.Enum = category(
        "General health",
        {"Excellent": "Excellent", "Very good": "Very good", "Good": "Good", "Fair or": "Fair", "Poor?": "Poor"},
        special={"Don't know": DONT_KNOW, "Refused": REFUSED},
    )


_CANCERS = (
    "Bladder", "Blood", "Bone", "Brain", "Breast", "Cervix", "Colon", "Oesophagus", "Gallbladder", "Kidney",
    "Larynx or windpipe", "Leukaemia", "Liver", "Lung", "Lymphoma", "Melanoma", "Mouth, tongue or lip",
    "Nervous system", "Ovary", "Pancreas", "Prostate", "Rectum", "Skin, not melanoma", "Skin, kind not known",
    "Soft tissue", "Stomach", "Testis", "Thyroid", "Uterus", "Other",
)  # fmt: skip


class MCQ(NhanesTable):
    """Medical conditions."""

    MCQ010: pl.Int8 = binary("Ever told to have asthma")
    MCQ160A: pl.Int8 = binary("Ever told to have arthritis")
    MCQ160E: pl.Int8 = binary("Ever told to have had a heart attack")
    MCD180E: int = _onset("Age when told of a heart attack (16: 16 or younger, 80: 80 or older)")
    MCQ160F: pl.Int8 = binary("Ever told to have had a stroke")
    MCD180F: int = _onset("Age when told of a stroke (16: 16 or younger, 80: 80 or older)")
    MCQ220: pl.Int8 = binary("Ever told to have cancer")
    MCQ230A: pl.Enum = category(
        "Kind of the first cancer",
        {**{str(code): name for code, name in enumerate(_CANCERS, start=10)}, "66": "More than three kinds"},
        special={"77": REFUSED, "99": DONT_KNOW},
    )
    MCD240A: int = _onset("Age when the first cancer was found (16: 16 or younger, 80: 80 or older)")


class PFQ(NhanesTable):
    """Physical functioning."""

    PFQ057: pl.Int8 = binary("Limited by confusion or trouble remembering")
    PFQ059: pl.Int8 = binary("Limited by a physical, mental or emotional problem")
    PFQ061A: pl.Enum = category(
        "Difficulty managing money",
        {
            "No difficulty": "No difficulty",
            "Some difficulty": "Some difficulty",
            "Much difficulty": "Much difficulty",
            "Unable to do": "Unable",
            "Do not do this activity": "Does not do this",
        },
    )


class WHQ(NhanesTable):
    """Weight history."""

    WHD010: int = integer("Height, as told", unit="inches", low=36, high=96, special=REFUSED_7777)
    WHD020: int = integer("Weight, as told", unit="pounds", low=50, high=900, special=REFUSED_7777)
    WHQ070: pl.Int8 = binary("Tried to lose weight in the past year")
    WHQ225: pl.Enum = category(
        "Times that 10 pounds or more were lost on purpose",
        {
            "Never": "Never",
            "1 to 2": "1 to 2",
            "3 to 5": "3 to 5",
            "6 to 10": "6 to 10",
            "11 times or more": "11 or more",
        },
    )

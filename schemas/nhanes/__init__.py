"""The contract of NHANES 2017-2018, 24 raw tables keyed by SEQN."""

from __future__ import annotations

from schemas.contract import Contract
from schemas.nhanes.demographic import DEMO, HIQ
from schemas.nhanes.diet import DBQ, DR1TOT, DR2TOT
from schemas.nhanes.examination import BMX, BPX, DXX
from schemas.nhanes.laboratory import GHB, HDL, PBCD, TCHOL
from schemas.nhanes.lifestyle import DUQ, PAQ, SLQ, SMQ, SMQRTU
from schemas.nhanes.questionnaire import DIQ, DLQ, DPQ, HSQ, MCQ, PFQ, WHQ

_MODELS = (
    DEMO, HIQ, BMX, BPX, DXX, TCHOL, HDL, GHB, PBCD, DIQ, DLQ, DPQ, HSQ, MCQ, PFQ, WHQ, DBQ, DR1TOT, DR2TOT,
    DUQ, PAQ, SLQ, SMQ, SMQRTU,
)  # fmt: skip

CONTRACT = Contract(
    study="nhanes",
    tables={model.__name__: model for model in _MODELS},
    person_table="DEMO",
    person_key="SEQN",
    # the network was trained with tables taken away at random, and the study's page says what the absence of each costs
    optional=frozenset(model.__name__ for model in _MODELS if model is not DEMO),
    beside=frozenset({"codebook.csv", "dictionary.csv", "tables.csv"}),
)

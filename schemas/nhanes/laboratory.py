"""Laboratory tables: TCHOL, HDL, GHB, PBCD."""

from __future__ import annotations

from functools import partial

from schemas.fields import CHOLESTEROL_MMOL, integer, number
from schemas.nhanes.common import NhanesTable

_metal = partial(number, decimals=2)


class TCHOL(NhanesTable):
    """Total cholesterol."""

    LBXTC: int = integer("Total cholesterol", unit="mg/dL", low=30, high=1000, other_units=CHOLESTEROL_MMOL)


class HDL(NhanesTable):
    """HDL cholesterol."""

    LBDHDD: int = integer("Direct HDL cholesterol", unit="mg/dL", low=2, high=250, other_units=CHOLESTEROL_MMOL)


class GHB(NhanesTable):
    """Glycohaemoglobin (HbA1c)."""

    LBXGH: float = number(
        "Glycohaemoglobin", unit="%", low=2, high=25, decimals=1, other_units={"mmol/mol": (0.09148, 2.152)}
    )


class PBCD(NhanesTable):
    """Lead, cadmium, mercury, selenium, manganese in blood."""

    # Values below the limit of detection were filled by the laboratory with that limit over the root of two
    LBXBPB: float = _metal("Blood lead", unit="ug/dL", low=0.01, high=200)
    LBXBCD: float = _metal("Blood cadmium", unit="ug/L", low=0.01, high=100)
    LBXTHG: float = _metal("Blood mercury, total", unit="ug/L", low=0.01, high=1000)
    LBXBSE: float = _metal("Blood selenium", unit="ug/L", low=10, high=3000)
    LBXBMN: float = _metal("Blood manganese", unit="ug/L", low=0.2, high=200)

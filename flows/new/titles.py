"""Words and unit of a column, from the label of its file or from its name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

# units as labels of files write them, and as they are written here
_KNOWN = """kg g mg µg ng lb cm mm m km kg/m² kg/m2 mmHg kPa bpm beats/min % years months weeks days hours minutes
seconds mg/dL g/dL µg/dL ug/dL ng/mL pg/mL mmol/L µmol/L umol/L nmol/L pmol/L mU/L U/L IU/L mEq/L g/L mL L °C kcal kJ
kcal/day g/day mm/h cells/µL ratio visits cigarettes/day drinks/week"""
_OTHERS = {
    "yrs": "years",
    "yr": "years",
    "year": "years",
    "day": "days",
    "mm hg": "mmHg",
    "beats per minute": "beats/min",
}
_UNITS = {**{unit.lower(): unit for unit in _KNOWN.split()}, **_OTHERS}
_BEHIND_COMMA = re.compile(r"^(.*?),\s*(?:in\s+)?([^,]+)$")
_QUASI = re.compile(
    r"(^|[_\W])(age|sex|gender|male|female|race|ethnic\w*|zip|postcode|birth\w*|region|county)", re.IGNORECASE
)


@dataclass(frozen=True)
class Words:
    """Name of a column, what it means, and its unit where the file says one."""

    name: str
    title: str
    unit: str

    @property
    def privacy(self) -> dict[str, Any]:
        """The mark of a column by which a person may be found."""
        return {"privacy": "quasi_identifier"} if _QUASI.search(self.name) else {}


def title_and_unit(name: str, label: str = "", unit: str = "") -> Words:
    """Title and unit of a column, from its label and what stands in brackets there."""
    text = " ".join(label.split())
    if known := _UNITS.get(unit.lower()):
        return Words(name, _sentence(re.sub(r"\s*[(\[][^()\[\]]*[)\]]\s*$", "", text)) or name, known)
    if (found := _BEHIND_COMMA.match(text)) and (known := _UNITS.get(found[2].lower())):
        return Words(name, _sentence(found[1]), known)
    return Words(name, _sentence(text) or _sentence(re.sub(r"[\W_]+", " ", name).strip()) or name, "")


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]

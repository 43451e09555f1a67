"""How many of the declared unit one of another is, for ``other_units``."""

CHOLESTEROL_MMOL = {"mmol/L": 38.67}  # mg/dL
PRESSURE_KPA = {"kPa": 7.50062}  # mmHg

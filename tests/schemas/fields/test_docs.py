"""The kind of field that the documentation writes works as it says."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

from schemas.contract import Contract
from schemas.splitting.study import validate_folder

PAGE = Path(__file__).parents[3] / "docs" / "fields.md"


def test_the_kind_of_the_page_reads_what_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    module = ModuleType("page_of_fields")
    monkeypatch.setitem(sys.modules, module.__name__, module)  # a dataclass looks its module up
    exec(blocks[0], module.__dict__)
    contract = Contract(study="page", tables={"visits": module.Visits}, person_table="visits", person_key="id")
    (tmp_path / "visits.csv").write_text("id,Resting BP\n1,120/80\n2,12O/80\n3,refused\n4,\n5,900/300\n")
    table = validate_folder(tmp_path, contract).tables["visits"]
    assert table.valid["Resting BP"].to_list() == [93.3, None, None, None, None]
    assert table.nulled == {"Resting BP": {"not_a_pressure": 1, "out_of_range": 1, "refused": 1}}

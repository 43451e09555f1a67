"""Pandera is imported without pandas, and nobody else goes without it."""

from __future__ import annotations

import subprocess
import sys

from tests.support import ROOT

SPLIT = """
from pathlib import Path
from schemas.contract import load_contract
from schemas.splitting.study import validate_folder

folder = Path(sys.argv[1])
folder.mkdir(exist_ok=True)
cells = dict.fromkeys(load_contract("heart").tables["cleveland"].to_schema().columns, "")
rows = [{**cells, "id": "1", "age": "50", "sex": "1"}, {**cells, "id": "2", "age": "500", "sex": "1"}]
text = "\\n".join([",".join(cells), *(",".join(row.values()) for row in rows)])
(folder / "cleveland.csv").write_text(f"{text}\\n")
print(validate_folder(folder, load_contract("heart")).summary()["tables"]["cleveland"])
"""


def said(code: str, folder: object) -> list[str]:
    command = [sys.executable, "-c", f"import sys\n{code}", str(folder)]
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.splitlines()


def test_validation_is_the_same_without_pandas_with_it_later_and_with_it_before(tmp_path: object) -> None:
    loaded = "import pandas\nassert pandas.DataFrame({'a': [1]}).shape == (1, 1)"
    first, without, later = said(f"{SPLIT}\nprint('pandas' in sys.modules)\n{loaded}\n{SPLIT}", tmp_path)
    assert without == "False"
    assert "out_of_range" in first
    assert [first] == [later] == said(f"{loaded}\n{SPLIT}", tmp_path)

"""A list of checksums beside the tables: a file cut off behind a line end, a lost part, a lost optional table."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from schemas.contract import Contract
from schemas.faults import TableFault
from schemas.splitting.study import validate_folder


@pytest.fixture
def folder(write: Callable[..., Path]) -> Path:
    """DIQ in two parts, the other tables as files, and what ``sha256sum`` says of them all."""
    folder = write(DIQ=[{"SEQN": "90001"}, {"SEQN": "90002"}], BPX=[{"SEQN": "90001"}, {"SEQN": "90002"}])
    (folder / "DIQ").mkdir()
    header, *rows = (folder / "DIQ.csv").read_text().splitlines(keepends=True)
    for number, row in enumerate(rows):
        (folder / "DIQ" / f"part-{number}.csv").write_text(header + row)
    (folder / "DIQ.csv").unlink()
    (folder / "DIQ" / "_SUCCESS").touch()
    subprocess.run("sha256sum *.csv DIQ/* > SHA256SUMS", shell=True, cwd=folder, check=True)
    return folder


def fault(folder: Path, contract: Contract) -> str:
    with pytest.raises(TableFault) as caught:
        validate_folder(folder, contract, scoring=True)
    return str(caught.value)


def test_a_folder_that_agrees_is_read(folder: Path, mini: Contract) -> None:
    assert validate_folder(folder, mini, scoring=True).tables["DIQ"].n_valid == 2


@pytest.mark.parametrize(("name", "said"), [("BPX.csv", "BPX.csv"), ("DIQ/part-1.csv", "a part of DIQ")])
def test_a_file_cut_off_behind_a_line_end_is_found(folder: Path, mini: Contract, name: str, said: str) -> None:
    lines = (folder / name).read_text().splitlines(keepends=True)
    (folder / name).write_text("".join(lines[:-1]))
    assert fault(folder, mini) == (
        f"{said} is not what its checksum was made of: cut off or changed on its way; deliver it again"
    )
    (folder / "SHA256SUMS").unlink()
    validate_folder(folder, mini, scoring=True)  # nothing else shows it


def test_a_part_or_an_optional_table_that_is_lost_is_found(folder: Path, mini: Contract) -> None:
    (folder / "DIQ" / "part-1.csv").unlink()
    said = "a file of {} is in the list of checksums and did not arrive; deliver it again"
    assert fault(folder, mini) == said.format("DIQ")
    (folder / "SLQ.csv").unlink()
    both = said.format("SLQ") + "\n" + said.format("DIQ")
    assert fault(folder, replace(mini, optional=frozenset({"SLQ"}))) == both


def test_a_list_that_is_not_whole_or_no_list_is_refused(folder: Path, mini: Contract) -> None:
    sums = folder / "SHA256SUMS"
    whole = sums.read_text()
    sums.write_text("".join(line for line in whole.splitlines(keepends=True) if "DEMO" not in line))
    assert fault(folder, mini) == "DEMO.csv is not in the list of checksums; write the list when all files are there"
    for text in ("", "Anna\n", whole + "x\n"):
        sums.write_text(text)
        assert fault(folder, mini).endswith(
            "SHA256SUMS is no list of checksums: write it with `sha256sum`, or take it out"
        )
    sums.write_bytes(
        b"\xef\xbb\xbf" + whole.upper().replace("CSV", "csv").replace("PART", "part").replace("\n", "\r\n").encode()
    )
    validate_folder(folder, mini, scoring=True)

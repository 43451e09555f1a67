"""A real drop is never replaced by a sample, whatever is in its folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from flows.stores.inbox import Inbox, drop_hashes
from schemas.contract import load_contract

DATE = "2026-11-20"


def put(inbox: Inbox, content: str) -> Path:
    made = inbox.folder / ".partial"
    made.mkdir(parents=True)
    (made / "A.csv").write_text(content)
    return inbox.replace(DATE, made)


def test_a_sample_replaces_a_sample(tmp_path: Path) -> None:
    inbox = Inbox(tmp_path / "inbox")
    for content in ("one\n", "two\n", "two\n"):
        folder = put(inbox, content)
        assert [path.name for path in folder.iterdir()] == ["A.csv"]
        assert (folder / "A.csv").read_text() == content
        assert inbox.drop(DATE) == folder


def _edit(folder: Path) -> None:
    (folder / "A.csv").write_text("1,real\n")


def _note(folder: Path) -> None:
    (folder / ".note").write_text("ask the ward")


def _subfolder(folder: Path) -> None:
    (folder / "scans").mkdir()


def _fewer(folder: Path) -> None:
    (folder / "A.csv").rename(folder / "B.csv")


def _file(folder: Path) -> None:
    (folder / "A.csv").unlink()
    folder.rmdir()
    folder.write_text("a file")


@pytest.mark.parametrize("change", [_edit, _note, _subfolder, _fewer, _file])
@pytest.mark.parametrize("sampled", [True, False], ids=["after a sample", "real"])
def test_anything_else_is_refused_and_stays(tmp_path: Path, change: Callable[[Path], None], sampled: bool) -> None:
    inbox = Inbox(tmp_path / "inbox")
    if sampled:
        folder = put(inbox, "one\n")
    else:
        folder = inbox.folder / DATE
        folder.mkdir(parents=True)
        (folder / "A.csv").write_text("one\n")
    change(folder)
    before = {path: path.read_text() for path in (folder, *folder.rglob("*")) if path.is_file()}
    with pytest.raises(FileExistsError, match=r"not made by sample-drop.*name another date"):
        put(inbox, "two\n")
    assert {path: path.read_text() for path in (folder, *folder.rglob("*")) if path.is_file()} == before


def test_a_link_to_a_drop_elsewhere_is_refused(tmp_path: Path) -> None:
    inbox = Inbox(tmp_path / "inbox")
    (tmp_path / "elsewhere").mkdir()
    inbox.folder.mkdir()
    (inbox.folder / DATE).symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere" / "A.csv").write_text("1,real\n")
    with pytest.raises(FileExistsError, match="not made by sample-drop"):
        put(inbox, "two\n")


def test_an_empty_folder_is_no_drop(tmp_path: Path) -> None:
    inbox = Inbox(tmp_path / "inbox")
    (inbox.folder / DATE).mkdir(parents=True)
    assert put(inbox, "one\n").is_dir()


def test_what_is_published_of_a_drop_has_no_name_that_the_contract_does_not_know(tmp_path: Path) -> None:
    read = ("cleveland.parquet", "cleveland.csv", "dictionary.csv", "SHA256SUMS")
    for name in (*read, "call Erika Mustermann.txt", "Mustermann/scan.pdf"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    hashes = drop_hashes(tmp_path, load_contract("heart"))
    assert sorted(hashes) == sorted([*read, "other 1", "other 2"])
    assert len(set(hashes.values())) == 6  # a note that is changed is another drop all the same


def test_parts_of_a_table_have_numbers_instead_of_names(tmp_path: Path) -> None:
    for folder in ("cleveland.parquet", "cleveland"):
        (tmp_path / folder).mkdir()
        for name in ("Mustermann.parquet", "_SUCCESS"):
            (tmp_path / folder / name).write_text(f"{folder} {name}")
    assert sorted(drop_hashes(tmp_path, load_contract("heart"))) == [
        "cleveland.parquet/1", "cleveland.parquet/2", "cleveland/1", "cleveland/2",
    ]  # fmt: skip

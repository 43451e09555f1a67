"""A new study: looked at, planned, written all or nothing, and checked."""

from __future__ import annotations

import importlib
import keyword
import re
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path

from flows.check.report import CheckReport
from flows.check.study import check_study
from flows.new.contract_file import contract_source
from flows.new.features_file import features_source
from flows.new.files import Writing, all_or_nothing, write_raw
from flows.new.marks import is_unchanged
from flows.new.params_block import block_of, is_own_block, with_block
from flows.new.plan import Plan, Request, plan_study
from flows.new.source import NewStudyError
from flows.new.split import SPLIT, split_of
from flows.project.paths import StudyPaths
from flows.project.settings import FILE, read_studies
from flows.study.study import Study
from schemas.contract import load_contract
from schemas.describe import dictionary

_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
PACKAGES = ("schemas", "flows/features")


def new_study(root: Path, request: Request, *, replace: bool = False) -> tuple[Plan, list[Path], CheckReport]:
    """Write a study and check it; what was planned, where it stands, and what the check found.

    Args:
        root: the project's folder.
        request: what was asked for.
        replace: write a study again that was written here and not changed since.

    Raises:
        NewStudyError: if it cannot be written; nothing was changed then.
    """
    require_free(root, request.study, replace=replace)
    plan = plan_study(request)
    params = (root / FILE).read_text(encoding="utf-8")
    others = [study for study in read_studies(root) if study != request.study]
    # before anything is written: a file that cannot take the block stops here
    after = with_block(params, plan.study, block_of(plan, len(others)))
    with all_or_nothing() as writing:
        _write(root, plan, writing, after)
        report = check_study(Study(root, plan.study))
    return plan, writing.written, report


def _write(root: Path, plan: Plan, writing: Writing, params: str) -> None:
    with writing.folder(StudyPaths(root, plan.study).raw) as raw:
        _write_raw(plan, raw)
    writing.text(root / "schemas" / plan.study / "__init__.py", contract_source(plan))
    writing.text(root / "flows" / "features" / plan.study / "__init__.py", features_source(plan))
    _forget_modules(root, plan.study)
    writing.text(root / "docs" / f"{plan.study}.md", dictionary(load_contract(plan.study)))
    writing.text(root / FILE, params)


def _write_raw(plan: Plan, raw: Path) -> None:
    for table in plan.tables:
        write_raw(table, raw)
    people = next(table.source for table in plan.tables if table.name == plan.person_table)
    (raw / SPLIT).parent.mkdir()
    split_of(plan, plan.keys(people).drop_nulls()).write_csv(raw / SPLIT)


def _forget_modules(root: Path, study: str) -> None:
    """Let the next import find the modules as they stand there now."""
    for package in PACKAGES:
        name = f"{package.replace('/', '.')}.{study}"
        for module in [each for each in sys.modules if each == name or each.startswith(f"{name}.")]:
            del sys.modules[module]
        shutil.rmtree(root / package / study / "__pycache__", ignore_errors=True)
    importlib.invalidate_caches()


def require_free(root: Path, study: str, *, replace: bool) -> None:
    """Make sure that a study of this name can be written.

    Raises:
        NewStudyError: if the name is none, or something stands in its place that was not written here.
    """
    if not _NAME.fullmatch(study) or keyword.iskeyword(study):
        raise NewStudyError(f"{study!r} is no name for a study: use lower-case letters, digits and single _")
    for package in PACKAGES:
        if _is_part(f"{package.replace('/', '.')}.{study}"):
            raise NewStudyError(f"{study!r} is a part of {package}/ already: give the study another name")
    in_params = study in read_studies(root)
    files = [root / package / study / "__init__.py" for package in PACKAGES]
    raw, docs = StudyPaths(root, study).raw, root / "docs" / f"{study}.md"
    there = [path for path in (*files, docs) if path.exists()]
    there += [raw] if raw.exists() or raw.with_suffix(".dvc").exists() else []
    if not (there or in_params):
        return
    shown = ", ".join([*(str(path.relative_to(root)) for path in there), *([FILE] if in_params else [])])
    if not replace:
        raise NewStudyError(
            f"study {study} is there already ({shown}): give another name, or --replace if it was written by "
            "`mtl-health new` and not changed since"
        )
    changed = [path for path in files if path.exists() and not is_unchanged(path.read_text(encoding="utf-8"))]
    changed += [raw.with_suffix(".dvc")] if raw.with_suffix(".dvc").exists() else []
    if in_params and not is_own_block((root / FILE).read_text(encoding="utf-8"), study):
        changed.append(root / FILE)
    if docs.exists() and not docs.read_text(encoding="utf-8").startswith(f"# Data dictionary of {study}\n"):
        changed.append(docs)
    if raw.exists() and not files[0].exists():
        changed.append(raw)
    if changed:
        names = ", ".join(str(path.relative_to(root)) for path in changed)
        raise NewStudyError(
            f"study {study} was changed by hand or not written by `mtl-health new` ({names}): --replace would lose "
            f"that. Take {shown} out yourself, or write the change into the files instead"
        )


def _is_part(name: str) -> bool:
    """Whether a module is one of the project's own, and no study's."""
    spec = find_spec(name)
    if spec is None:
        return False
    text = Path(spec.origin).read_text(encoding="utf-8") if spec.origin else ""
    return not ("CONTRACT = " in text or "STUDY = " in text)

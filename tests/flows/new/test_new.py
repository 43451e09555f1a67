"""A study written from its tables: sound for every sample study, all or nothing, and nothing of a person's is said."""

from __future__ import annotations

import csv
import json
import keyword
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml

import flows.features
import schemas
from flows.new.contract_file import contract_source
from flows.new.features_file import domain_name
from flows.new.plan import Request, plan_study
from flows.new.python_code import class_name
from flows.new.source import NewStudyError, read_source, read_sources
from flows.new.split import split_of
from flows.new.study import new_study
from flows.stages import features, train, validate
from flows.study.study import Study
from mtl_models.data.tasks import Task
from schemas.contract import load_contract
from schemas.describe import dictionary
from schemas.fields.person_key import PersonKey
from schemas.splitting.study import validate_folder
from tests.support import ROOT, Project

WHAS = ("stay=los:regression", "dead=fstat")


@pytest.fixture
def project(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with the sample studies' settings, in which a new study's modules are found."""
    for name in ("params.yaml", "dvc.yaml"):
        shutil.copy(root / name, tmp_path)
    shutil.copytree(root / "presets", tmp_path / "presets")
    (tmp_path / "docs").mkdir()
    for package, folder in ((schemas, "schemas"), (flows.features, "flows/features")):
        (tmp_path / folder).mkdir(parents=True)
        monkeypatch.setattr(package, "__path__", [*package.__path__, str(tmp_path / folder)])
    monkeypatch.setenv("PYTHONPATH", str(root))
    return tmp_path


def request(study: str, *files: Path, targets: tuple[str, ...], **options: Any) -> Request:
    return Request(**{"study": study, "files": files, "key": "id", "targets": targets, **options})


def table(folder: Path, name: str, /, **columns: list[Any]) -> Path:
    path = folder / f"{name}.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))
    return path


def contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file() and path.suffix != ".pyc")
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def people(n: int = 200) -> dict[str, list[Any]]:
    return {
        "id": [*range(1, n + 1)],
        "age": [20 + place % 60 for place in range(n)],
        "dead": [int(place % 3 == 0) for place in range(n)],
    }


@pytest.mark.parametrize(
    ("study", "key", "targets", "leaks"),
    [
        ("heart", "id", ("thal=thal:multiclass", "disease=target"), ("ca",)),
        ("whas500", "id", WHAS, ("lenfol",)),
        ("nmes1988", "id", ("visits=ofp", "health=hlth:ordinal", "any=adldiff+medicaid:multilabel"), ("emr",)),
    ],
)
def test_a_sample_studys_tables_make_a_study_that_takes_all_their_rows(
    root: Path, project: Path, study: str, key: str, targets: tuple[str, ...], leaks: tuple[str, ...]
) -> None:
    files = [path for path in sorted((root / "data" / "raw" / study).glob("*.csv")) if path.stem != "dictionary"]
    asked = request(f"new_{study}", *files, targets=targets, leaks=leaks, key=key, title=f"Once more: {study}")
    _, written, report = new_study(project, asked)
    assert report.faults == []
    assert report.n_features > 10
    assert all(path.exists() for path in written)
    result = validate_folder(project / "data" / "raw" / asked.study, load_contract(asked.study)).summary()
    for counts in result["tables"].values():
        assert (counts["n_rejected"], counts["nulled_by_column_and_rule"]) == (0, {})
    # what a test of the project asks of every study
    assert (project / "docs" / f"{asked.study}.md").read_text() == dictionary(load_contract(asked.study))
    block = yaml.safe_load((project / "params.yaml").read_text())["studies"][asked.study]
    assert [Task.from_dict(record).name for record in block["tasks"]] == [each.partition("=")[0] for each in targets]


def test_many_tables_make_a_study(root: Path, project: Path) -> None:
    names = ("DEMO.parquet", "BMX.csv", "BPX.csv", "DIQ.csv", "SMQ.csv", "TCHOL.csv")
    files = [root / "data" / "raw" / "nhanes" / name for name in names]
    targets = ("sbp=BPXSY1:regression", "diabetes=DIQ010:binary")
    leaks = ("BPXSY2:sbp", "BPXSY3:sbp", "BPXDI1", "BPXDI2", "BPXDI3", *(f"DIQ{each}" for each in (160, 170, 280)))
    leaks += ("DIQ050", "DIQ070", "DID040", "DIQ175A")
    plan, _, report = new_study(project, request("survey", *files, targets=targets, leaks=leaks, key="SEQN"))
    assert report.faults == []
    assert plan.person_table == "DEMO"
    contract = load_contract("survey")
    assert contract.optional == {name.partition(".")[0] for name in names} - {"DEMO"}
    result = validate_folder(project / "data" / "raw" / "survey", contract).summary()
    assert sum(counts["n_rejected"] for counts in result["tables"].values()) == 0


def test_params_keep_every_sign_and_the_new_block_stands_behind_the_last(root: Path, project: Path) -> None:
    before = (project / "params.yaml").read_text()
    new_study(project, request("again", root / "data/raw/whas500/whas500.csv", targets=WHAS, leaks=("lenfol:dead",)))
    after = (project / "params.yaml").read_text()
    assert after.startswith(before)
    block = yaml.safe_load(after)["studies"]["again"]
    assert [task.get("leaks") for task in block["tasks"]] == [None, ["whas500.lenfol"]]
    (project / "params.yaml").write_text(before + "access: {group: staff}\n# the end\n")
    new_study(project, request("third", root / "data/raw/whas500/whas500.csv", targets=WHAS))
    assert list(yaml.safe_load((project / "params.yaml").read_text())) == ["studies", "access"]
    assert (project / "params.yaml").read_text().endswith("access: {group: staff}\n# the end\n")


def test_columns_that_are_no_names_of_python_keep_theirs(project: Path, tmp_path: Path) -> None:
    n = 120
    names = ("sample.yr", "lambda", "Resting BP", "lab[1]", "validate", "1st", "pl", "a*b", "größe")
    numbers = {name: [place * (3 + at) % 97 for place in range(n)] for at, name in enumerate(names)}
    file = table(tmp_path, "odd table", **people(n), **numbers)
    _, _, report = new_study(project, request("odd", file, targets=("dead=dead",), leaks=("lab[1]",)))
    assert report.faults == []
    assert report.n_features == len(names)  # the age and all but the leak


def test_the_split_is_alike_in_the_outcomes_and_keeps_groups_whole(project: Path, tmp_path: Path) -> None:
    n = 1000
    clinic = [f"c{place // 7}" for place in range(n)]
    file = table(tmp_path, "visits", **people(n), clinic=clinic)
    parts = []
    for study, group in (("alone", ""), ("together", "clinic")):
        new_study(project, request(study, file, targets=("dead=dead",), group=group))
        split = pl.read_csv(project / "data" / "raw" / study / "splits" / "split.csv")
        both = split.join(pl.read_csv(file), on="id")
        shares = both.group_by("split").agg(pl.len() / n, rate=pl.col("dead").mean()).sort("split")
        assert shares["split"].to_list() == ["test", "train", "valid"]
        assert shares["len"].to_list() == pytest.approx([0.2, 0.6, 0.2], abs=0.01)
        assert shares["rate"].to_list() == pytest.approx([1 / 3] * 3, abs=0.02)
        parts.append(both)
    assert parts[1].group_by("clinic").agg(pl.col("split").n_unique())["split"].max() == 1
    assert parts[0].group_by("clinic").agg(pl.col("split").n_unique())["split"].max() == 3


def test_keys_stored_as_floats_keep_their_groups_whole(tmp_path: Path) -> None:
    given = {**people(), "clinic": [f"c{place // 8}" for place in range(200)]}
    given["id"] = [f"{each}.0" for each in given["id"]]
    plan = plan_study(request("mine", table(tmp_path, "visits", **given), targets=("dead=dead",), group="clinic"))
    parts = split_of(plan, plan.keys(plan.tables[0].source))
    clinics = parts.group_by(pl.col("id").cast(pl.Int64).sub(1) // 8).agg(pl.col("split").n_unique())
    assert (clinics.height, clinics["split"].max()) == (25, 1)


@pytest.mark.parametrize(
    ("look", "longer", "words"),
    [
        ("{}", "10000001", "digits, as many as it takes"),
        ("{:08x}", "0123456789abcdef", "digits and a to f, 8 or more"),
        ("a{}", "g10000001", "letters and digits"),
        ("P-{}", "P-10000001", "letters, digits, dots, lines"),
    ],
)
def test_the_key_that_is_guessed_has_room_for_more_people(tmp_path: Path, look: str, longer: str, words: str) -> None:
    given = {**people(), "id": [look.format(place + 1) for place in range(200)]}
    plan = plan_study(request("mine", table(tmp_path, "visits", **given), targets=("dead=dead",)))
    key = plan.tables[0].columns[0]
    rules = PersonKey(title=key.title, **key.arguments)
    assert rules.parse(pl.DataFrame({"text": [given["id"][7], longer, "ä 1"]}))["rule"].to_list() == [
        None, None, "malformed_key",
    ]  # fmt: skip
    assert f"# guessed: {words}" in contract_source(plan)
    assert "narrow" in key.comments[0]


def test_the_split_depends_on_no_order_of_the_rows(project: Path, tmp_path: Path) -> None:
    made = []
    for study, sign in (("forward", 1), ("backward", -1)):
        file = table(tmp_path, study, **{name: cells[::sign] for name, cells in people().items()})
        new_study(project, request(study, file, targets=("dead=dead",)))
        made.append((project / "data" / "raw" / study / "splits" / "split.csv").read_text())
    assert made[0] == made[1]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"study": "heart"}, "study heart is there already"),
        ({"study": "fields"}, "part of schemas/"),
        ({"study": "No Name"}, "no name for a study"),
        ({"key": "ID"}, "no column 'ID' (--key); the nearest is 'id'"),
        ({"targets": ("dead=deat",)}, "no table has a column 'deat'; the nearest is 'dead'"),
        ({"targets": ("dead=dead:binry",)}, "the nearest is 'binary'"),
        ({"targets": ()}, "name at least one outcome"),
        ({"targets": ("dead=dead:ordinal=1",)}, "only a binary outcome"),
        ({"targets": ("Dead=dead",)}, "'Dead' is no name"),
        ({"targets": ("dead=dead", "dead=age")}, "given twice"),
        ({"leaks": ("age:ded",)}, "the nearest is 'dead'"),
        ({"leaks": ("age",)}, "no column is there to make features of"),
        ({"leaks": ("id",)}, "no feature is made of the key"),
        ({"group": "dead"}, "--group dead: it is an outcome"),
        ({"targets": ("dead=dead", "died=dead")}, "part of the outcomes dead and died"),
        ({"keep": ("agee",)}, "--keep: no table has a column 'agee'; the nearest is 'age'"),
        ({"group": "hospital"}, "no table has a column 'hospital'"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_written(
    project: Path, tmp_path_factory: pytest.TempPathFactory, change: dict[str, Any], said: str
) -> None:
    file = table(tmp_path_factory.mktemp("given"), "people", **people())
    before = contents(project)
    asked = {"study": "mine", "targets": ("dead=dead",), **change}
    with pytest.raises(NewStudyError) as caught:
        new_study(project, request(asked.pop("study"), file, **asked))
    assert said in str(caught.value)
    assert contents(project) == before


def test_people_twice_are_counted_and_not_named(project: Path, tmp_path: Path) -> None:
    given = people()
    given["id"][:3] = [777001, 777001, 777001]
    with pytest.raises(NewStudyError, match="2 of 200 rows repeat") as caught:
        new_study(project, request("mine", table(tmp_path, "people", **given), targets=("dead=dead",)))
    assert "777001" not in str(caught.value)


def test_a_table_of_others_is_refused(project: Path, tmp_path: Path) -> None:
    others = people()
    others["id"] = [each + 150 for each in others["id"]]
    one, two = table(tmp_path, "one", **people()), table(tmp_path, "two", id=others["id"], bp=others["age"])
    with pytest.raises(NewStudyError, match="150 of 200 people of two are not in one"):
        new_study(project, request("mine", one, two, targets=("dead=dead",)))


def test_a_failure_takes_everything_back(project: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    file = table(tmp_path_factory.mktemp("given"), "people", **people())
    (project / "docs" / "mine.md").mkdir()  # the dictionary cannot be written
    before, folders = contents(project), sorted(project.rglob("*/"))
    with pytest.raises(OSError, match=r"mine\.md"):
        new_study(project, request("mine", file, targets=("dead=dead",)), replace=True)
    assert contents(project) == before
    assert sorted(project.rglob("*/")) == folders


def test_replace_writes_again_what_nobody_changed(project: Path, tmp_path: Path) -> None:
    file = table(tmp_path, "people", **people(), smoker=["yes", "no"] * 100)
    new_study(project, request("mine", file, targets=("dead=dead",)))
    first = contents(project)
    with pytest.raises(NewStudyError, match="is there already"):
        new_study(project, request("mine", file, targets=("dead=dead",)))
    new_study(project, request("mine", file, targets=("dead=dead",)), replace=True)
    assert contents(project) == first
    _, _, report = new_study(project, request("mine", file, targets=("dead=dead",), leaks=("smoker",)), replace=True)
    assert (report.faults, report.n_features) == ([], 1)


@pytest.mark.parametrize("changed", ["schemas/mine/__init__.py", "flows/features/mine/__init__.py", "params.yaml"])
def test_replace_keeps_what_somebody_changed(project: Path, tmp_path: Path, changed: str) -> None:
    file = table(tmp_path, "people", **people())
    new_study(project, request("mine", file, targets=("dead=dead",)))
    text = (project / changed).read_text()
    edited = text.replace(
        "max_reject_share: 0.02}\n    split: {file: splits/split",
        "max_reject_share: 0.01}\n    split: {file: splits/split",
    )
    (project / changed).write_text(edited if changed == "params.yaml" else f"{text}\nLIMIT = 1\n")
    before = contents(project)
    with pytest.raises(NewStudyError, match=changed):
        new_study(project, request("mine", file, targets=("dead=dead",)), replace=True)
    assert contents(project) == before


def test_an_outcome_foretold_by_one_column_is_a_fault_of_the_written_study(project: Path, tmp_path: Path) -> None:
    given = people(600)
    given["discharged_dead"] = [1 - dead for dead in given["dead"]]
    _, _, report = new_study(project, request("mine", table(tmp_path, "people", **given), targets=("dead=dead",)))
    assert ["discharged_dead alone reaches" in fault for fault in report.faults] == [True]


def test_a_file_of_a_statistics_program_gives_labels_and_units_and_stays_as_it_is(
    project: Path, tmp_path: Path
) -> None:
    import pandas as pd
    import pyreadstat

    more = {"sex": [1, 2] * 100, "bmi": [20 + place % 17 / 2 for place in range(200)], "pain": [0, 1, 1, 8] * 50}
    file = tmp_path / "clinic.SAV"
    pyreadstat.write_sav(
        pd.DataFrame({**people(), **more}),
        file,
        column_labels={"bmi": "Body mass (kg)", "sex": "Sex at birth"},
        variable_value_labels={
            "sex": {1: "Male", 2: "Female"},
            "dead": {0: "No", 1: "Yes"},
            "pain": {0: "Never", 1: "Often", 8: "Refused"},
        },
    )
    _, _, report = new_study(project, request("mine", file, targets=("dead=dead",)))
    assert report.faults == []
    text = (project / "schemas" / "mine" / "__init__.py").read_text()
    assert '"Sex at birth", {"1": "Male", "2": "Female"}' in text
    assert 'number("Body mass", unit="kg"' in text
    raw = project / "data" / "raw" / "mine"
    assert (raw / "clinic.sav").read_bytes() == file.read_bytes()
    valid = validate_folder(raw, load_contract("mine"))
    counts = valid.summary()["tables"]["clinic"]
    assert (counts["n_rejected"], counts["nulled_by_column_and_rule"]) == (0, {"pain": {"refused": 50}})
    # the same from the CSV that the file becomes when it loses a column
    text = "".join(f"{','.join(map(str, row))}\n" for row in zip(*{**people(), **more}.values(), strict=True))
    (raw / "clinic.sav").unlink()
    (raw / "clinic.csv").write_text(f"{','.join([*people(), *more])}\n{text}")
    again = validate_folder(raw, load_contract("mine"))
    assert again.tables["clinic"].valid.equals(valid.tables["clinic"].valid)


@pytest.mark.parametrize("name", ["class", "contract", "table", "people", "pl", "1st", "none", "A_b__C"])
def test_a_table_may_be_called_what_a_module_calls_otherwise(name: str) -> None:
    names = (class_name(name), domain_name(name))
    assert all(each.isidentifier() and not keyword.iskeyword(each) for each in names)
    assert not {"Table", "Contract", "CONTRACT", "people", "pl", "targets"}.intersection(names)
    assert "__" not in names[1]


def test_tables_that_would_be_called_alike_are_refused(tmp_path: Path) -> None:
    files = [table(tmp_path, name, **people()) for name in ("a_b", "aB", "splits")]
    with pytest.raises(NewStudyError) as caught:
        read_sources(files)
    assert [sentence.partition(":")[0] for sentence in caught.value.sentences] == [
        "splits.csv",
        "the names of a_b.csv and aB.csv are too much alike for two tables",
    ]


def test_a_column_that_no_table_can_have_is_unfit_and_the_others_are_read(tmp_path: Path) -> None:
    lists, times = [[1, 2]] * 200, pl.Series([1] * 200).cast(pl.Duration("ms"))
    frame = pl.DataFrame({**people(), "scans": lists, "stay": times, " sex ": ["f", "m"] * 100, "a\nb": [1] * 200})
    frame.write_parquet(tmp_path / "mri.parquet")
    source = read_source(tmp_path / "mri.parquet")
    assert [name for name in source.frame.columns if source.unfit(name)] == ["scans", "stay", "a\nb"]
    assert source.frame["sex"].n_unique() == 2


def test_git_takes_no_raw_data_of_any_study() -> None:
    for name in ("people.csv", "people.parquet", "people.sav", "splits/split.csv"):
        done = subprocess.run(["git", "check-ignore", "-q", f"data/raw/any_study/{name}"], cwd=ROOT, check=False)
        assert done.returncode == 0, name


def test_the_command_says_what_to_judge_and_nobodys_value(
    make_project: Callable[[str], Project], tmp_path: Path
) -> None:
    given = people()
    given["name"] = [f"Surname{place}" for place in range(200)]
    given["chol"] = [round(150.017 + place * 1.013, 3) for place in range(200)]
    given["tired"] = [(1, 2, 3, 9)[place % 4] for place in range(200)]
    project = make_project("new study")
    file = table(tmp_path, "clinic", **given)
    done = project.run("mtl-health", "new", "clinic", str(file), "--key", "id", "--target", "dead=dead")
    assert "judge these" in done.stdout
    assert "tired: 9 dont_know" in done.stdout
    assert "name: text of too many different words" in done.stdout
    assert "next: mtl-health nightly --study clinic" in done.stdout
    files = ("schemas/clinic/__init__.py", "flows/features/clinic/__init__.py", "docs/clinic.md", "params.yaml")
    for text in (done.stdout, done.stderr, *((project.folder / name).read_text() for name in files)):
        assert "Surname" not in text
        assert not any(str(value) in text for value in given["chol"])
    assert "Surname" not in json.dumps(
        [path.read_text() for path in (project.folder / "data" / "raw" / "clinic").glob("*.csv")]
    )
    assert project.run("git", "status", "--porcelain", "--untracked-files=all").stdout.count("data/") == 0


def test_a_written_study_is_trained(root: Path, project: Path) -> None:
    asked = request("friends", root / "data/raw/whas500/whas500.csv", targets=WHAS, leaks=("lenfol",))
    new_study(project, asked)
    params = project / "params.yaml"
    before, mark, block = params.read_text().partition("\n  friends:\n")
    params.write_text(
        before + mark + block.replace("seeds: [0, 1, 2]", "seeds: [0]").replace("epochs: 60", "epochs: 3")
    )
    study = Study(project, "friends", "parts")
    for stage in (validate, features, train):
        stage.run(study)
    predicted = pl.read_parquet(study.paths.models / "predictions.parquet").columns
    assert {"stay", "dead__p"} <= set(predicted)
    assert (study.paths.models / "network.safetensors").is_file()

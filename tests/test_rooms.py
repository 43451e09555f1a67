"""The walls of the house: which room may import which, no circle of imports, few modules outside the rooms."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter

import pytest

from tests.support import ROOT

# a room imports rooms of lines below its own, and itself
FLOORS = (
    {"cli", "schedule"},
    {"nightly", "new"},
    {"check", "experiments", "doctor"},
    {"stages"},
    {"study"},
    {"features", "stores", "fitting"},
    {"project", "report"},
)
WRITTEN_FOR_OTHERS = {"prefect", "dvc", "deltalake", "typer", "jinja2", "matplotlib"}


@cache
def imports() -> dict[str, frozenset[str]]:
    """What each of our modules imports when it is imported or run, types left out, by full name."""
    files = [path for package in ("flows", "schemas", "mtl_models") for path in (ROOT / package).rglob("*.py")]
    names = {path: ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__") for path in files}
    known = set(names.values())
    return {
        name: frozenset(
            found for each in _named(ast.parse(path.read_text())) if (found := _module(each, known)) != name
        )
        for path, name in names.items()
    }


def _named(tree: ast.AST) -> Iterator[str]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
            continue
        if isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        else:
            yield from _named(node)


def _module(name: str, known: set[str]) -> str:
    """The module of ours that a dotted name lies in, or the name itself."""
    parts = name.split(".")
    places = (".".join(parts[:size]) for size in range(len(parts), 0, -1))
    return next((place for place in places if place in known), name)


def test_no_module_imports_itself_by_way_of_others() -> None:
    ours = {name: {each for each in found if each in imports()} for name, found in imports().items()}
    try:
        TopologicalSorter(ours).prepare()
    except CycleError as error:
        pytest.fail(f"a circle of imports: {' -> '.join(error.args[1])}")


def test_the_packages_import_in_one_direction() -> None:
    forbidden = {"schemas": {"flows", "mtl_models"}, "mtl_models": {"flows", "schemas"}}
    wrong = [
        f"{name} imports {each}"
        for name, found in imports().items()
        for each in found
        if each.partition(".")[0] in forbidden.get(name.partition(".")[0], set()) | WRITTEN_FOR_OTHERS
        and not name.startswith("flows")
    ]
    assert not wrong


def test_a_room_imports_rooms_below_it_alone() -> None:
    floor = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}
    wrong = []
    for name, found in imports().items():
        if name.startswith("flows.") and (room := name.split(".")[1]) in floor:
            for each in found:
                other = each.split(".")[1] if each.startswith("flows.") else room
                if other != room and floor[other] <= floor[room]:
                    wrong.append(f"{name} imports {each}")
    assert not wrong


def test_few_modules_stand_outside_the_rooms() -> None:
    assert len(list((ROOT / "flows").glob("*.py"))) <= 5
    rooms = {path.parent.name for path in (ROOT / "flows").glob("*/__init__.py")}
    assert rooms <= {room for rooms in FLOORS for room in rooms}

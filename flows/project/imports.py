"""Which of our files a module's results come from, read from the sources without importing any."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("flows", "schemas", "mtl_models")
STUDY_PACKAGES = ("schemas", "flows.features")
"""Where each study has a package of its own, found by its name."""
RESOLVED = frozenset({"flows.project.settings", "flows.study.load"})
"""What is not followed: the values that it gives decide a result, and they are hashed themselves."""
SILENT = frozenset(
    {
        "flows.fitting.machines",
        "flows.project.access",
        "flows.project.errors",
        "flows.project.machines",
        "flows.study.naming.parts",
        "flows.study.naming.rules",
        "flows.study.study",
        "flows.project.processes",
        "mtl_models.training.progress",
    }
)
"""What is not followed either: no value comes from checks, which stop a run or let it be, from words on a terminal,
from a file's owner, from where jobs are done or from how a process ends. A study only looks up by name: its settings
are hashed themselves, its contract and its features count where the code that works with them is imported."""


def sources(modules: Collection[str], study: str | None = None, *, root: Path = ROOT) -> frozenset[Path]:
    """The files that the modules import, themselves among them, as paths under ``root``.

    Imports inside functions count, those for type checkers alone do not. A module counts with the packages above it,
    and with the files that it names, such as templates, where they lie beside one that counts.

    Args:
        study: whose packages count where a module finds a study's package by name; else those places are left out.
    """
    found: dict[str, Path] = {}
    file_of = cache(partial(_file, root))  # for this once: files come and go
    waiting = list(modules)
    while waiting:
        module = waiting.pop()
        path = file_of(module)
        if path is None or module in found or (module in RESOLVED | SILENT and module not in modules):
            continue
        found[module] = path
        waiting += _imported(module, path, file_of)
        if study is not None:
            waiting += [name for place in _read(path).places for name in modules_of(root, f"{place}.{study}")]
    paths = {path for path in found.values() if not says_nothing(path)}
    return frozenset(path.relative_to(root) for path in paths | _named(paths))


def looked_up(modules: Collection[str], *, root: Path = ROOT) -> tuple[str, ...]:
    """The places in which the modules find a study's package by name, such as ``schemas``."""
    paths = (root / path for path in sources(modules, root=root) if path.suffix == ".py")
    return tuple(sorted({place for path in paths for place in _read(path).places}))


def modules_of(root: Path, package: str) -> list[str]:
    """A package with all modules in it, or a plain module."""
    folder = root / package.replace(".", "/")
    inside = [path.relative_to(root).with_suffix("").parts for path in folder.rglob("*.py")]
    return [package, *(".".join(parts).removesuffix(".__init__") for parts in inside)]


def says_nothing(path: Path) -> bool:
    """Whether a Python file holds no more than a docstring, as most packages do: nothing comes from it."""
    return _read(path).empty


def _file(root: Path, module: str) -> Path | None:
    path = root / module.replace(".", "/")
    return next((each for each in (path.with_suffix(".py"), path / "__init__.py") if each.is_file()), None)


def _imported(module: str, path: Path, file_of: Callable[[str], Path | None]) -> Iterator[str]:
    """The modules of ours that a module's file imports, with the package above it and the parts of its registries."""
    facts = _read(path)
    yield module.rpartition(".")[0]
    for package, name in facts.imports:
        if package.partition(".")[0] not in PACKAGES:
            continue
        # what is imported is a module of the package, or a name in it; a registry brings its parts
        yield package
        yield f"{package}.{name}"
        if place := file_of(package):
            yield from (f"{package}.{part}" for part in _read(place).registries.get(name, ()))
    for name in facts.registries.keys() & facts.names:
        yield from (f"{module}.{part}" for part in facts.registries[name])


def _named(paths: Collection[Path]) -> set[Path]:
    """Files other than Python's that modules, or files named by them, name; they lie beside one of the modules."""
    beside = {
        file.name: file
        for folder in {path.parent for path in paths}
        for file in folder.iterdir()
        if file.is_file() and file.suffix not in (".py", ".pyc")
    }
    texts = {text for path in paths for text in _read(path).texts}
    found: set[Path] = set()
    while named := {file for name, file in beside.items() if name in texts} - found:
        found |= named
        texts = {text for file in named for text in re.findall(r"""["']([^"'\s]+)["']""", file.read_text("utf-8"))}
    return found


@dataclass
class _Facts:
    """What one Python file says.

    Attributes:
        imports: a module and a name in it, as ``from module import name`` says; no name for ``import module``.
        names: the names that it reads.
        texts: its string constants.
        registries: the modules of a registry's parts, relative to its package, by the registry's name.
        places: the packages in which it finds a study's by a name made at run time.
    """

    empty: bool = True
    imports: list[tuple[str, str]] = field(default_factory=list)
    names: set[str] = field(default_factory=set)
    texts: set[str] = field(default_factory=set)
    registries: dict[str, list[str]] = field(default_factory=dict)
    places: set[str] = field(default_factory=set)


_TOLD = frozenset({ast.Import, ast.ImportFrom, ast.Constant, ast.Name, ast.AnnAssign, ast.JoinedStr})


def _read(path: Path) -> _Facts:
    return _read_version(path, path.stat().st_mtime_ns)


@cache
def _read_version(path: Path, changed: int) -> _Facts:
    tree, facts = ast.parse(path.read_bytes()), _Facts()
    facts.empty = all(isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) for node in tree.body)
    for node in _running(tree):
        if type(node) not in _TOLD:  # most tell nothing: to match each against all takes half of the time
            continue
        match node:
            case ast.Import(names=names):
                facts.imports += [(alias.name, "") for alias in names]
            case ast.ImportFrom(module=str(module), names=names, level=0):
                facts.imports += [(module, alias.name) for alias in names]
            case ast.Constant(value=str(text)):
                facts.texts.add(text)
            case ast.Name(id=name, ctx=ast.Load()):
                facts.names.add(name)
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.Call(func=ast.Name(id="Registry")) as made):
                facts.registries[name] = [text.partition(":")[0] for text in _texts(made) if ":" in text]
            case ast.JoinedStr(values=[ast.Constant(value=str(start)), ast.FormattedValue()]):
                facts.places |= {start.removesuffix(".")} & set(STUDY_PACKAGES)
    return facts


def _texts(node: ast.AST) -> Iterator[str]:
    for each in ast.walk(node):
        if isinstance(each, ast.Constant) and isinstance(each.value, str):
            yield each.value


def _running(tree: ast.AST) -> Iterator[ast.AST]:
    """Everything in a module that runs: not what stands there for type checkers alone, nor how a name is used."""
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        if type(node) is ast.If and "TYPE_CHECKING" in (getattr(node.test, "id", ""), getattr(node.test, "attr", "")):
            waiting += node.orelse
            continue
        for value in vars(node).values():
            if type(value) is list:
                waiting += [each for each in value if isinstance(each, ast.AST)]
            elif isinstance(value, ast.AST) and not isinstance(value, ast.expr_context):
                waiting.append(value)

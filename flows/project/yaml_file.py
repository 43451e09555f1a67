"""YAML files read strictly: a fault is one sentence with the file and the line, and quotes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from mtl_models.wording import SettingsError

# what the parser stumbled over, by a part of its own words, in ours
_PROBLEMS = {
    "'\\t'": "a tab stands where spaces must",
    "mapping values are not allowed": "a colon where no key can stand: put a text that holds one in quotes",
    "flow sequence": "a list in square brackets is not closed, or lacks a comma",
    "flow mapping": "a block in braces is not closed, or lacks a comma",
    "block mapping": "the indent does not fit the lines above",
    "block collection": "the indent does not fit the lines above",
    "block end": "the indent does not fit the lines above, or a sign stands alone",
    "block sequence entries": "a list's dash where none can stand",
    "simple key": "a key without its colon, or a text in quotes over several lines",
    "end of stream": "a quote is not closed",
    "alias": "an alias (*) of something that was not named (&) before; put a text that begins with * in quotes",
    "tag": "a tag (!) that is not known; put a text that begins with ! in quotes",
    "cannot start any token": "a text that begins with this sign must stand in quotes",
}
_TWICE = "stands twice"
_MERGE = "tag:yaml.org,2002:merge"


@dataclass(frozen=True)
class YamlFile:
    """What a YAML file holds.

    Attributes:
        content: its block of keys.
        faults: keys that stand twice or are no text, each by where it stands and in a sentence; one of them does not
            keep the rest of the file from use.
    """

    content: dict[str, Any]
    faults: tuple[tuple[tuple[str, ...], str], ...] = ()

    @property
    def doubles(self) -> list[str]:
        """Sentences on the keys that stand twice: DVC reads no file that has one."""
        return [said for _, said in self.faults if _TWICE in said]

    def faults_in(self, *place: str) -> list[str]:
        """Sentences on the faults at a place and below it, and on those above it."""
        return [said for where, said in self.faults if where[: len(place)] == place or place[: len(where)] == where]


def read_yaml(path: Path, shown: str) -> YamlFile:
    """A YAML file whose content is a block of keys; an empty one gives none.

    Args:
        path: of the file.
        shown: what it is called in sentences.

    Raises:
        SettingsError: with one sentence, if it cannot be read.
    """
    try:
        loader, node = _parsed(path.read_text(encoding="utf-8"))
        faults = tuple(_key_faults(node, shown)) if node is not None else ()
        content = loader.construct_document(node) if node is not None else {}
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        raise SettingsError([f"{shown}, line {line}: a sign that is not UTF-8; save the file as UTF-8"]) from None
    except yaml.YAMLError as error:
        raise SettingsError([_sentence(error, shown)]) from None
    except RecursionError:
        raise SettingsError([f"{shown}: an alias (*) stands inside what it names (&)"]) from None
    except ValueError:  # such as the date 2026-13-40
        raise SettingsError([f"{shown}: a date or number that there is not; put it in quotes"]) from None
    if not isinstance(content, dict):
        raise SettingsError([f"{shown}: must be a block of keys"])
    return YamlFile(content, faults)


def _parsed(text: str) -> tuple[Any, yaml.Node | None]:
    """The nodes of a text and what constructs their content: read in C where PyYAML has it, a seventh of the time.

    What is at fault is read again in Python, whose words :func:`_sentence` knows.
    """
    if fast := getattr(yaml, "CSafeLoader", None):
        with suppress(yaml.YAMLError):
            loader = fast(text)
            return loader, loader.get_single_node()
    loader = yaml.SafeLoader(text)
    return loader, loader.get_single_node()


def _sentence(error: yaml.YAMLError, shown: str) -> str:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    said = f"{getattr(error, 'problem', '') or ''} {getattr(error, 'context', '') or ''}"
    words = next((ours for theirs, ours in _PROBLEMS.items() if theirs in said), "this is not YAML")
    return f"{shown}, line {mark.line + 1}, column {mark.column + 1}: {words}" if mark else f"{shown}: {words}"


def _key_faults(node: yaml.Node, shown: str, place: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    """Keys that stand twice in a block, of which YAML keeps the last, and keys that it does not read as text."""
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _key_faults(item, shown, place)
    if not isinstance(node, yaml.MappingNode):
        return
    lines: dict[str, int] = {}
    for key, value in node.value:
        if key.tag == _MERGE:
            continue
        name, line = str(key.value) if isinstance(key, yaml.ScalarNode) else "?", key.start_mark.line + 1
        where = f"{shown}, line {line}: {'.'.join((*place, name))}"
        if key.tag != "tag:yaml.org,2002:str":
            yield (*place, name), f"{where}: YAML does not read this key as text: put it in quotes"
        elif name in lines:
            yield (*place, name), f"{where}: {_TWICE}, first in line {lines[name]}: keep one"
        lines.setdefault(name, line)
        yield from _key_faults(value, shown, (*place, name))

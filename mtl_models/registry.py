"""Registries: parts by name, whose code is imported when it is asked for and not before."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from importlib import import_module
from typing import Any, Generic, TypeVar

Part = TypeVar("Part")


class Registry(MutableMapping[str, Part], Generic[Part]):
    """Parts by name; a name is known at no cost, its module is imported with the first look at the part.

    Args:
        places: ``module:attribute`` of each part, the module below ``package``.
        called: whether to call the attribute, where a part is an instance of a class.
    """

    def __init__(self, package: str, places: dict[str, str], *, called: bool = False) -> None:
        self.package, self.called = package, called
        self._places: dict[str, str] = dict(places)
        self._parts: dict[str, Part] = {}

    def module_of(self, name: str) -> str:
        """Full name of the module that holds a part."""
        return f"{self.package}.{self._places[name].split(':')[0]}"

    def __getitem__(self, name: str) -> Part:
        if name not in self._parts:
            attribute: Any = getattr(import_module(self.module_of(name)), self._places[name].split(":")[1])
            self._parts[name] = attribute() if self.called else attribute
        return self._parts[name]

    def __setitem__(self, name: str, part: Part) -> None:
        self._places.setdefault(name, "")
        self._parts[name] = part

    def __delitem__(self, name: str) -> None:
        del self._places[name]
        self._parts.pop(name, None)

    def __contains__(self, name: object) -> bool:
        return name in self._places

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)

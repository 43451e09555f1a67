"""Faults of settings that pydantic found, in words: where, what is wrong and what is allowed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel, ValidationError

from mtl_models.wording import type_fault, unknown


def validation_faults(error: ValidationError, where: str, kind: Any = None) -> list[str]:
    """A sentence for everything that pydantic found, ``where.key: what is wrong``.

    Args:
        where: the place of the record in its file.
        kind: the model that was asked for; then a key that it lacks is named with the nearest that it has.
    """
    faults = []
    for fault in error.errors(include_url=False):
        place, _ = _walk(kind, fault["loc"])
        if fault["type"] == "extra_forbidden":
            words = unknown(place[-1], known_keys(kind, fault["loc"][:-1]), "key")
        else:
            words = _words(fault)
        faults.append(f"{'.'.join([where, *place]).replace(':.', ': ')}: {words}")
    return list(dict.fromkeys(faults))


def known_keys(kind: Any, place: Sequence[int | str]) -> list[str]:
    """The keys that a model understands at a place inside it."""
    return list(dict.fromkeys(key for model in _walk(kind, place)[1] for key in model.model_fields))


def _walk(kind: Any, loc: Sequence[int | str]) -> tuple[list[str], list[type[BaseModel]]]:
    """A place that pydantic names as keys of the file, and the models that can stand there."""
    models, place = _models(kind), list[str]()
    for part in loc:
        inner = [each for model in models if part in model.model_fields for each in _models(_type(model, str(part)))]
        tagged = [model for model in models if part in _tags(model)]
        known = any(part in model.model_fields for model in models)
        # the member of a union is no key; an index or the name of an entry is one, of the same models
        if not (tagged and not known) and part != "bool" and not str(part).endswith("]"):
            place.append(str(part))
        models = inner or tagged or models
    return place, models


def _type(model: type[BaseModel], field: str) -> Any:
    return model.model_fields[field].annotation


def _models(annotation: Any) -> list[type[BaseModel]]:
    """The models in a type: itself, or those of its items, values or members."""
    if isinstance(annotation, type) and get_origin(annotation) is None:
        return [annotation] if issubclass(annotation, BaseModel) else []
    return [model for each in get_args(annotation) for model in _models(each)]


def _tags(model: type[BaseModel]) -> list[Any]:
    """The values of a model's literal fields, by which a union tells its members apart."""
    types = [each.annotation for each in model.model_fields.values()]
    return [value for each in types if get_origin(each) is Literal for value in get_args(each)]


_RULES: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "missing": lambda _: "is missing",
    "greater_than": lambda ctx: f"must be above {ctx['gt']}",
    "greater_than_equal": lambda ctx: f"must be {ctx['ge']} or more",
    "less_than": lambda ctx: f"must be below {ctx['lt']}",
    "less_than_equal": lambda ctx: f"must be {ctx['le']} or less",
    "finite_number": lambda _: "must be a finite number",
    "too_short": lambda ctx: f"needs at least {ctx['min_length']}",
    "too_long": lambda ctx: f"takes at most {ctx['max_length']}",
    "literal_error": lambda ctx: f"must be {ctx['expected']}",
    "string_pattern_mismatch": lambda ctx: f"must be {ctx['pattern'].strip('^$()').replace('|', ' or ')}",
    "union_tag_invalid": lambda ctx: f"{ctx['discriminator'].strip(chr(39))} must be {ctx['expected_tags']}",
    "union_tag_not_found": lambda ctx: f"{ctx['discriminator'].strip(chr(39))} is missing",
    "value_error": lambda ctx: str(ctx["error"]),
}
_WANTED = {
    "string": "text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "tuple": "a list",
    "list": "a list",
    "dict": "a block of keys",
    "model": "a block of keys",
    "model_attributes": "a block of keys",
    "dataclass": "a block of keys",
}


def _words(fault: Mapping[str, Any]) -> str:
    """What is wrong, by the kind of the fault."""
    kind = str(fault["type"])
    if kind in _RULES:
        return _RULES[kind](fault.get("ctx") or {})
    wanted = _WANTED.get(kind.removesuffix("_type").removesuffix("_parsing").removesuffix("_from_float"))
    return type_fault(fault["input"], wanted) if wanted else f"is not accepted ({kind.replace('_', ' ')})"

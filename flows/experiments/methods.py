"""Every way of sharing that can be named in params.yaml, from the registries."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Mapping
from typing import Any


def methods() -> list[dict[str, str]]:
    """Kind, name and a line of every encoder, trunk, balancer, joint model and baseline, in the registries' order."""
    from mtl_models.baselines import BASELINES
    from mtl_models.joint import JOINT
    from mtl_models.network.encoders import ENCODERS
    from mtl_models.network.trunks import TRUNKS
    from mtl_models.training.balancing import BALANCERS

    twin = {
        "kind": "baseline",
        "name": "single_task",
        "line": "The same network trained on one task at a time; for a distilled model, a network like its teacher's.",
    }
    joint = {name: type(method) for name, method in JOINT.items()}
    registries: dict[str, Mapping[str, Any]] = {
        "encoder": ENCODERS,
        "trunk": TRUNKS,
        "balancer": BALANCERS,
        "joint": joint,
    }
    found = [
        {"kind": kind, "name": name, "line": _line(member)}
        for kind, registry in registries.items()
        for name, member in registry.items()
    ]
    baselines = [
        {"kind": "baseline", "name": name, "line": _line(sys.modules[str(getattr(function, "__module__", ""))])}
        for name, function in BASELINES.items()
    ]
    return [*found, twin, *baselines]


def _line(member: Any) -> str:
    """The first sentence of a docstring."""
    return (inspect.getdoc(member) or "").split("\n\n")[0].replace("\n", " ").strip()


def methods_table() -> str:
    """The methods as a Markdown table."""
    lines = ["| kind | name | what it does |", "|---|---|---|"]
    lines += [f"| {each['kind']} | `{each['name']}` | {each['line'].replace('|', '/')} |" for each in methods()]
    return "\n".join(lines) + "\n"

"""A registry knows its names at no cost and imports a part when it is looked at."""

from __future__ import annotations

import subprocess
import sys

import pytest

from mtl_models.baselines import BASELINES
from mtl_models.joint import JOINT
from mtl_models.kinds import KINDS
from mtl_models.network.encoders import ENCODERS
from mtl_models.network.trunks import TRUNKS
from mtl_models.registry import Registry
from mtl_models.training.balancing import BALANCERS

REGISTRIES: list[Registry[object]] = [ENCODERS, TRUNKS, BALANCERS, JOINT, BASELINES, KINDS]  # type: ignore[list-item]


def test_names_are_known_without_a_heavy_library() -> None:
    code = (
        "import sys\n"
        "import mtl_models.settings\n"
        "from mtl_models.data.tasks import Task\n"
        "assert Task(name='a', kind='multiclass', classes=('x', 'y')).target_columns == ('a',)\n"
        "from mtl_models.network.encoders import ENCODERS\n"
        "from mtl_models.network.trunks import TRUNKS\n"
        "from mtl_models.training.balancing import BALANCERS\n"
        "from mtl_models.joint import JOINT\n"
        "from mtl_models.baselines import BASELINES\n"
        "assert 'grouped' in TRUNKS and 'catboost' in BASELINES and len(list(ENCODERS)) > 3 and len(BALANCERS) > 3\n"
        "print([m for m in ('torch', 'lightgbm', 'sklearn', 'catboost', 'polars', 'numpy') if m in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


@pytest.mark.parametrize("registry", REGISTRIES, ids=lambda each: each.package)
def test_every_part_stands_in_the_module_that_is_named(registry: Registry[object]) -> None:
    for name, part in registry.items():
        assert (part if registry is BASELINES or isinstance(part, type) else type(part)).__module__ == (
            registry.module_of(name)
        )


def test_what_is_put_in_is_found_and_can_be_taken_out() -> None:
    registry: Registry[int] = Registry("nowhere", {})
    registry["one"] = 1
    assert "one" in registry
    assert registry["one"] == 1
    del registry["one"]
    assert list(registry) == []
    with pytest.raises(KeyError):
        registry["one"]

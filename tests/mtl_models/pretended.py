"""A device that is not there: its tensors are kept and computed on the CPU, and mixing both is the error of a real one.

Its random numbers are its own, as those of a GPU are.
"""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map
from torch.utils.backend_registration import _setup_privateuseone_for_python_backend

NAME = "pretend"
# these take tensors of both places on a real device too: copies, and rows that are named on the CPU
CROSSING = ("aten._to_copy", "aten.copy_", "aten.index.Tensor", "aten.index_put", "aten._index_put_impl_")
_random = {"state": torch.get_rng_state()}


class Pretended(Tensor):
    """A tensor that says it is on the device; ``held`` is the same on the CPU."""

    held: Tensor

    @staticmethod
    def __new__(cls, held: Tensor) -> Pretended:
        made: Pretended = torch.Tensor._make_wrapper_subclass(  # type: ignore[attr-defined]
            cls,
            held.size(),
            strides=held.stride(),
            storage_offset=held.storage_offset(),
            dtype=held.dtype,
            device=torch.device(NAME, 0),
        )
        made.held = held
        return made

    def __repr__(self, *, tensor_contents: Any = None) -> str:
        return f"{NAME}:0 {self.held!r}"

    def tolist(self) -> Any:
        return self.detach().cpu().tolist()

    @classmethod
    def __torch_dispatch__(cls, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return _run(function, args, kwargs or {})


class PretendedDevice(TorchDispatchMode):
    """While it is active, tensors can be made on the device."""

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return _run(function, args, kwargs or {})


def _run(function: Callable[..., Any], args: Any, kwargs: dict[str, Any]) -> Any:
    tensors = [each for each in tree_leaves((args, kwargs)) if isinstance(each, Tensor)]
    there = [each for each in tensors if isinstance(each, Pretended)]
    # a number without a dimension may come from the CPU, as on a real device
    here = [each for each in tensors if not isinstance(each, Pretended) and each.dim()]
    if there and here and not str(function).startswith(CROSSING):
        raise RuntimeError(f"{function}: expected all tensors to be on the same device, found {NAME}:0 and cpu")
    asked = kwargs.get("device")
    result_there = bool(there) if asked is None else torch.device(asked).type == NAME
    if str(function).startswith("aten.copy_"):
        result_there = isinstance(args[0], Pretended)
    kwargs = {key: torch.device("cpu") if key == "device" and value else value for key, value in kwargs.items()}
    args, kwargs = tree_map(lambda each: each.held if isinstance(each, Pretended) else each, (args, kwargs))
    found = _with_own_random_numbers(function, args, kwargs) if result_there else function(*args, **kwargs)
    # what was changed in place is the same tensor still
    known = {id(each.held): each for each in there}

    def placed(each: Any) -> Any:
        if id(each) in known:
            return known[id(each)]
        return Pretended(each) if result_there and isinstance(each, Tensor) else each

    return tree_map(placed, found)


def _with_own_random_numbers(function: Callable[..., Any], args: Any, kwargs: dict[str, Any]) -> Any:
    before = torch.get_rng_state()
    torch.set_rng_state(_random["state"])
    try:
        return function(*args, **kwargs)
    finally:
        _random["state"] = torch.get_rng_state()
        torch.set_rng_state(before)


def _seed(seed: int) -> None:
    before = torch.get_rng_state()
    torch.default_generator.manual_seed(seed)
    _random["state"] = torch.get_rng_state()
    torch.set_rng_state(before)


def _module() -> ModuleType:
    """What torch asks of a device."""
    module: Any = ModuleType(f"torch.{NAME}")
    module.is_available = module.is_initialized = lambda: True
    module.device_count = lambda: 1
    module.current_device = lambda: 0
    module._is_in_bad_fork = lambda: False
    module.manual_seed_all = _seed
    module.get_rng_state = lambda device=None: _random["state"].clone()
    module.set_rng_state = lambda state, device=None: _random.update(state=state.clone())
    found: ModuleType = module
    return found


def _copy_from(source: Tensor, target: Pretended, non_blocking: bool = False) -> Pretended:
    target.held.copy_(source.held if isinstance(source, Pretended) else source)
    return target


_setup_privateuseone_for_python_backend(NAME, backend_module=_module())  # once a process: torch knows one such device
# torch.tensor of a list passes by the mode: its kernels are asked of the device itself
_KERNELS = torch.library.Library("aten", "IMPL")
_KERNELS.impl(
    "empty.memory_format", lambda size, *, dtype, **_: Pretended(torch.empty(size, dtype=dtype)), "PrivateUse1"
)
_KERNELS.impl(
    "empty_strided",
    lambda size, stride, *, dtype, **_: Pretended(torch.empty_strided(size, stride, dtype=dtype)),
    "PrivateUse1",
)
_KERNELS.impl("_copy_from", _copy_from, "PrivateUse1")

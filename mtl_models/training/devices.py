"""The device that a network is trained on: whether the machine has it, and its random numbers."""

from __future__ import annotations

import os

import torch
from torch import Tensor


def find_device(name: str) -> torch.device:
    """The device of a name, ready for operations that give the same bits each time.

    Raises:
        ValueError: for a name that torch does not know, or a device that this machine or this build of torch lacks.
    """
    try:
        device = torch.device(name)
    except RuntimeError:
        raise ValueError(f"training.device: {name!r} is no device: write cpu or cuda") from None
    if device.type == "cpu":
        return device
    try:
        module = torch.get_device_module(device)
        there, count = bool(module.is_available()), int(module.device_count())
    except (RuntimeError, AttributeError):
        there, count = False, 0
    if not there:
        raise ValueError(f"training.device: this machine, or this build of torch, has no {device.type}: write cpu")
    if device.index is not None and device.index >= count:
        raise ValueError(f"training.device: there is no {name}, the last one here is {device.type}:{count - 1}")
    # cuBLAS gives the same bits only with a workspace of a fixed size, set before its first use
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    return device


def random_state(device: torch.device) -> tuple[Tensor, Tensor | None]:
    """The state of the random numbers that work on a device draws: the CPU's and, elsewhere, the device's own."""
    own = None if device.type == "cpu" else torch.get_device_module(device).get_rng_state(device)
    return torch.get_rng_state(), own


def set_random_state(device: torch.device, state: tuple[Tensor, Tensor | None]) -> None:
    """Put back what :func:`random_state` gave: the same numbers are drawn again."""
    ours, own = state
    torch.set_rng_state(ours)
    if own is not None:
        torch.get_device_module(device).set_rng_state(own, device)

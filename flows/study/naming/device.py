"""The device that training names."""

from __future__ import annotations

import re

from mtl_models.wording import nearest

ALSO_CALLED = {"gpu": "cuda", "nvidia": "cuda", "rocm": "cuda", "metal": "mps"}
KNOWN = ("cpu", "cuda", "mps", "xpu", "hpu", "mtia")
_FORM = re.compile(r"(?P<kind>[a-z]+)(:\d+)?")


def device_fault(device: str) -> str | None:
    """What is wrong with a device's name; whether the machine has it is asked where it is used."""
    form = _FORM.fullmatch(device)
    if form and form["kind"] in KNOWN:
        return None
    kind = device.split(":")[0].lower()
    near = ALSO_CALLED.get(kind) or nearest(kind, KNOWN)
    return f"{device!r} is no device: write {', '.join(KNOWN)}, or cuda:0 for the first of several" + (
        f"; the nearest is {near!r}" if near else ""
    )

"""The block ``machines`` of params.yaml: where shards and fits are worked on. No result depends on it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from flows.project.blocks import read_top
from mtl_models.settings import parse_settings
from mtl_models.wording import unknown

BLOCK = "machines"
KINDS: dict[str, tuple[str, ...]] = {
    "serial": (),
    "processes": ("workers",),
    "dask": ("address", "timeout_s"),
}
"""Every kind, by its name in ``flows.fitting.machines.EXECUTORS``, with the keys that it has."""


class MachineSettings(BaseModel):
    """Where jobs are done.

    Attributes:
        kind: ``serial`` in the process that runs the command, ``processes`` in processes of this machine, ``dask`` on
            the workers of a Dask cluster.
        workers: of ``processes``, how many; as many as there are processors, four at most, if left out.
        address: of ``dask``, the cluster's scheduler, such as tcp://host:8786.
        timeout_s: of ``dask``, how many seconds to wait for the scheduler and for its first worker.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: str = "processes"
    workers: int | None = Field(default=None, ge=1)
    address: str = ""
    timeout_s: float = Field(default=20, gt=0)

    @model_validator(mode="after")
    def _keys_of_its_kind(self) -> MachineSettings:
        if self.kind not in KINDS:
            raise ValueError(f"kind: {unknown(self.kind, KINDS)}")
        if strange := sorted(self.model_fields_set - {"kind", *KINDS[self.kind]}):
            raise ValueError(f"the kind {self.kind!r} has no key {strange[0]!r}: leave it out")
        if self.kind == "dask" and "://" not in self.address:
            raise ValueError("the kind 'dask' needs `address`, that of its scheduler, such as tcp://host:8786")
        return self


SERIAL = MachineSettings(kind="serial")


def parse_machines(block: Any, where: str) -> MachineSettings:
    """The block as it stands in a file.

    Raises:
        SettingsError: with a sentence for each fault.
    """
    return parse_settings(MachineSettings, block or {}, where=f"{where}: {BLOCK}")


def read_machines(root: Path) -> MachineSettings:
    """The block of params.yaml; without one, processes of this machine.

    Raises:
        SettingsError: with a sentence for each fault.
    """
    return parse_machines(*read_top(root, BLOCK))

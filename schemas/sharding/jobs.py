"""What is done with one file of a table before its shards are read; such a job may be done in another process."""

from __future__ import annotations

import shutil
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from schemas.contract import Contract
from schemas.faults import TableFault
from schemas.fields import ModelView
from schemas.reading.forms import PACKAGES, form_of
from schemas.reading.places import is_far
from schemas.sharding.opening import Opened, OpenedAtOnce, open_file
from schemas.sharding.parts import Named, Part, part_by_person


@dataclass(frozen=True)
class OpenJob:
    """A file to look at.

    Attributes:
        path, named: the file, and what it is called.
        optional: columns that it may lack.
    """

    path: Path
    named: Named
    optional: Collection[str]

    @property
    def travels(self) -> bool:
        """Whether what comes of it is small: the file of a statistics package is read at once."""
        return form_of(self.path.name) not in PACKAGES


@dataclass(frozen=True)
class PartJob:
    """A file to cut into shards.

    Attributes:
        file: the file.
        bounds: the keys at which shards begin.
        scratch: where its rows are written by shards, if they are in no order. Patient data.
        is_disordered: whether it is known that they are.
    """

    file: Opened
    bounds: Sequence[str]
    scratch: Path
    is_disordered: bool

    @property
    def travels(self) -> bool:
        """Whether the job itself is small."""
        return not isinstance(self.file, OpenedAtOnce)


def try_to_open(job: OpenJob, contract: Contract) -> Opened | TableFault:
    """The file, looked at; or what is wrong with it."""
    try:
        return open_file(job.path, job.named, ModelView.of(contract.tables[job.named.table]), job.optional)
    except TableFault as fault:
        return fault


def part_file(job: PartJob, contract: Contract) -> Part:
    """Where each shard's rows lie; done again, it gives the same."""
    file, view = job.file, ModelView.of(contract.tables[job.file.named.table])
    if not job.is_disordered and (part := file.in_order(view, job.bounds)):
        return part
    if not is_far(job.scratch):
        shutil.rmtree(job.scratch, ignore_errors=True)  # of a process that was killed at it
    return part_by_person(file.texts(view), file.header, view, job.bounds, file.named, job.scratch)

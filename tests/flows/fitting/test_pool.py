"""Jobs in processes: in order, each with what is given to all, and not in this process."""

from __future__ import annotations

import os

from flows.fitting.pool import in_processes


def told(job: int, given: str) -> tuple[int, str, int]:
    return job, given, os.getpid()


def test_results_come_in_the_order_of_the_jobs() -> None:
    found = list(in_processes(told, [3, 1, 2], "given", title="numbers"))
    assert [each[:2] for each in found] == [(3, "given"), (1, "given"), (2, "given")]
    assert os.getpid() not in {process for *_, process in found}


def test_no_job_starts_no_process() -> None:
    assert list(in_processes(told, [], "given", title="nothing")) == []

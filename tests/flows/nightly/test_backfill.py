"""A range of dates: what would run is said before, what is done stays done, and one bad date costs no other."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from flows.nightly.backfill.dates import do_dates
from flows.nightly.backfill.plan import DUE, NO_DROP, REFUSED, SCORED, THEN, DatePlan, dates_between, plan_dates
from flows.stores.dated import state_of
from flows.study.study import Study
from tests.flows.nightly.test_champions import other_model
from tests.flows.support import drop_of, run_all
from tests.support import NIGHT, Project

CASES = Path(__file__).parents[2] / "cases" / "heart"


def test_a_range_has_both_ends() -> None:
    assert dates_between("2026-02-27", "2026-03-02") == ["2026-02-27", "2026-02-28", "2026-03-01", "2026-03-02"]
    assert dates_between("2026-02-27", "2026-02-27") == ["2026-02-27"]
    with pytest.raises(ValueError, match="is before"):
        dates_between("2026-03-02", "2026-02-27")
    with pytest.raises(ValueError, match="is not a date"):
        dates_between("2026-3-2", "2026-03-02")


def states(plans: list[DatePlan]) -> dict[str, str]:
    return {plan.date[-2:]: plan.state for plan in plans}


@pytest.mark.slow
def test_a_backfill_says_what_it_will_do_does_it_and_goes_on_where_it_was(
    copy_night: Callable[[str], Project], tmp_path: Path
) -> None:
    project = copy_night("backfill")
    study = Study(project.folder, "heart")
    for day in (2, 3):
        drop_of(project, f"2026-01-0{day}")
    bad = project.folder / "data/inbox/heart/2026-01-04"
    shutil.copytree(CASES / "cut_midrow", bad)
    dates = dates_between("2026-01-01", "2026-01-04")
    before = plan_dates(study, dates)
    assert states(before) == {"01": NO_DROP, "02": DUE, "03": DUE, "04": DUE}
    assert before[1].why == "never scored"
    assert state_of(study.tables, "2026-01-02") is None, "a plan changes nothing"

    found = list(do_dates(study, before[:3]))  # as a backfill that was killed leaves them
    assert states(found) == {"02": SCORED, "03": SCORED}
    command = ["backfill", "heart", "--from", dates[0], "--to", dates[-1]]
    refused, *_ = do_dates(study, before[3:])
    assert refused.state == REFUSED
    assert "cleveland.csv is cut off" in refused.why
    dry, again, then = run_all(
        project,
        [*command, "--dry-run"],
        command,
        [*command, "--model", THEN, "--dry-run"],
    )
    assert re.search(r"2026-01-03 +│ scored already +│ by model", dry[1])
    assert re.search(r"2026-01-04 +│ refused +│ cleveland.csv is cut off", dry[1])
    assert "0 of 4 dates would be scored" in dry[1]
    assert "1 dates were not scored, first 2026-01-04" in again[2]
    assert "nothing is to be done" in again[1], "what was refused is not tried before something has changed"
    assert again[0] == 1
    assert then[1].count("there was no champion yet") == 4

    second = study.registry.register(other_model(study, tmp_path), [], {"params_hash": "p"})
    shutil.rmtree(bad)
    anew = plan_dates(study, dates, second[:10])
    assert states(anew) == {"01": NO_DROP, "02": DUE, "03": DUE, "04": NO_DROP}
    assert re.fullmatch(r"scored by model \w{12}, not by \w{12}", anew[1].why)
    assert states(list(do_dates(study, anew[:2]))) == {"02": SCORED}
    state = state_of(study.tables, "2026-01-02")
    assert state is not None
    assert state.scores()["model_version"].unique().to_list() == [second]
    assert study.registry.require_champion("heart").version != second, "the champion stays who it is"
    assert states(plan_dates(study, [NIGHT])) == {NIGHT[-2:]: SCORED}
    assert REFUSED not in states(plan_dates(study, dates)).values()

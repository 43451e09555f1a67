"""The step of a night that watches it: it stops no night, and tells who should know of an alarm once."""

from __future__ import annotations

from flows.nightly.alerts.message import Message, one_sentence
from flows.nightly.alerts.told import mended, tell
from flows.nightly.run import Run
from flows.nightly.steps import counts_of_people
from flows.nightly.watch.night import Night, watch
from flows.nightly.watch.records import AREAS
from flows.stores.partitions import newest
from flows.study.study import Study


def watch_run(run: Run) -> Night:
    """Watch the date that a run has just published, by what was counted while its people were scored."""
    return watch(run.study, run.date, counts_of_people(run))


def tell_alarms(study: Study, night: Night, link: str = "") -> None:
    """Tell of each area that is in alarm, once until it is not any more; nothing of a date before the newest."""
    if newest(study.tables.watched) != night.date:
        return
    following = f"mtl-health watch {study.name} --date {night.date}"
    for area in AREAS:
        alarms = [alarm for alarm in night.alarms if alarm.record.area == area]
        thing = f"drift of {area}"
        if alarms:
            more = f" (and {len(alarms) - 1} more)" if len(alarms) > 1 else ""
            subject = f"{study.name}: {area} of {night.date} are in alarm"
            cause = one_sentence(alarms[0].words) + more
            tell(study, Message("drift", study.name, thing, subject, cause, following, link))
        else:
            mended(study, thing, f"{study.name}: {area} are as usual again on {night.date}", following, link)

"""What is in alarm: something beyond its limit in k of the last n nights, or a feed that is dead tonight."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from flows.nightly.watch.performance import by_month
from flows.nightly.watch.records import BEYOND, DEAD, INPUTS, PERFORMANCE, SCORES, TABLES, Record
from flows.project.watch_settings import WatchSettings

Nights = Mapping[dt.date, Sequence[Record]]


@dataclass(frozen=True)
class Alarm:
    """Something in alarm.

    Attributes:
        record: the newest record of it that was beyond its limit.
        day: of which night that is.
        is_dead: whether nothing came tonight where something should.
        n_beyond: in so many of the last nights it was.
        n_nights: of so many.
    """

    record: Record
    day: dt.date
    is_dead: bool
    n_beyond: int
    n_nights: int

    @property
    def title(self) -> str:
        """What it is about, in some words."""
        record = self.record
        where = f" ({record.part})" if record.part else ""
        return f"{_WORDS.get(record.measure, record.measure)} of {record.name}{where}"

    @property
    def words(self) -> str:
        """What is wrong, in a sentence."""
        if self.is_dead:
            return f"{self.record.name} is dead: {self.record.words}"
        return f"{self.title}: {self.record.words}; {self.n_beyond} of {self.n_nights} nights, the last {self.day}"


_WORDS = {"rows": "rows", "missing": "empty cells", "rejected": "rejected rows", "shift": "distribution"}


def alarms_of(nights: Nights, date: dt.date, settings: WatchSettings) -> list[Alarm]:
    """What is in alarm on a date, dead feeds first; where everybody is, groups of people are not named beside.

    Args:
        nights: the records of each night that was watched.
        date: the last of them that counts.
        settings: how many nights.
    """
    last = sorted((day for day in nights if day <= date), reverse=True)[: settings.n]
    beyond: dict[tuple[str, str, str, str], list[tuple[dt.date, Record]]] = {}
    for day in last:
        for record in _judged(nights[day]):
            if record.state in (BEYOND, DEAD):
                beyond.setdefault(record.thing, []).append((day, record))
    found = list[Alarm]()
    for records in beyond.values():
        day, newest = records[0]
        dead = newest.state == DEAD and day == date
        if dead or len(records) >= settings.k:
            found.append(Alarm(newest, day, dead, len(records), len(last)))
    everybody = {alarm.record.thing[:3] for alarm in found if not alarm.record.part}
    found = [alarm for alarm in found if not alarm.record.part or alarm.record.thing[:3] not in everybody]
    return sorted(found, key=lambda alarm: not alarm.is_dead)


def _judged(records: Sequence[Record]) -> list[Record]:
    """Records that can alarm; a task's performance is one thing, whatever the month."""
    monthly = [replace(each, part="") for each in by_month(records)]
    return [each for each in records if each.area != PERFORMANCE] + monthly


def to_do(area: str, study: str, drop: str) -> str:
    """What to do about alarms of an area."""
    retrain = f"`mtl-health retrain --study {study}` learns from what has landed"
    return {
        TABLES: f"`mtl-health validate --study {study} --scoring {drop}` shows every count; ask whoever delivers them",
        INPUTS: f"if the tables are sound, people or the way they are measured have changed: {retrain}",
        SCORES: f"look at the inputs first; if they changed, {retrain}",
        PERFORMANCE: f"{retrain}; the gate says whether the new model is better",
    }[area]

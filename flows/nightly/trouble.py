"""Kinds of trouble: what data or settings are to blame for is refused, what may be over in a while is tried again."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from flows.check.report import CheckError
from flows.features.guard import FeatureError
from flows.project.errors import WorkerLostError
from flows.project.night import NightSettings
from flows.project.storage import StorageError
from flows.stores.inbox import UnsettledDropError
from flows.stores.store import OvertakenError, UnreachableError
from mtl_models.wording import SettingsError
from schemas.faults import LimitExceeded, TableFault
from schemas.published import PublishError

Found = TypeVar("Found")
REFUSALS = (LimitExceeded, TableFault, CheckError, SettingsError, FeatureError, PublishError)
"""Errors that data or settings are to blame for: to run again changes nothing before they are mended."""
PASSING = (OvertakenError, UnreachableError, StorageError, UnsettledDropError, WorkerLostError)
"""Errors that may be over in a while: another writer was faster, a storage did not answer, a drop was being copied."""


def may_pass(error: BaseException) -> bool:
    """Whether it can help to do the same again."""
    return isinstance(error, PASSING)


def waits_of(settings: NightSettings) -> list[float]:
    """Seconds to wait before each new try: twice as long as before the last one."""
    return [settings.retry_wait_s * 2**turn for turn in range(settings.retries)]


def trying(function: Callable[[], Found], settings: NightSettings) -> Found:
    """What a function gives; where its error may be over in a while it is called again."""
    for wait in waits_of(settings):
        try:
            return function()
        except Exception as error:
            if not may_pass(error):
                raise
        time.sleep(wait)
    return function()

"""What all NHANES tables share: the person key and the answer lists that recur."""

from __future__ import annotations

from schemas.fields import Table, person_key

REFUSED_77 = {77: "refused", 99: "dont_know"}
REFUSED_777 = {777: "refused", 999: "dont_know"}
REFUSED_7777 = {7777: "refused", 9999: "dont_know"}
REFUSED_77777 = {77777: "refused", 99999: "dont_know"}
REFUSED_777777 = {777777: "refused", 999999: "dont_know"}


class NhanesTable(Table):
    """A table of NHANES 2017-2018."""

    SEQN: str = person_key("Respondent sequence number", min_digits=5)

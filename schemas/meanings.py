"""What the columns of the published tables mean, in words: for contracts, and for docs/published.md."""

from __future__ import annotations

MEANINGS: dict[str, dict[str, str]] = {
    "scores": {
        "person_id": "the person's key, once a date",
        "score_date": "the night's date; the partition",
        "model_version": "SHA-256 of the model file that gave the scores",
        "run_id": "the run in the ledger",
        "scored_at": "when that run started, UTC",
        "withheld": "the tasks that were not scored for want of tables, each with the reason; empty if all were",
    },
    "rejects": {
        "table": "raw table, for example `DEMO`",
        "file": (
            "file name, `DIQ/part-00001.csv` for a part, its date in front (`2026-11-20/DIQ.csv`) if the row landed "
            "and was rejected in training; empty for an excluded person"
        ),
        "line": "line of the CSV on which the row starts, or row number in a Parquet file",
        "person_id": "the person's key; empty where it could not be read",
        "row": "the row as JSON, text by column; empty for an excluded person",
        "reasons": "every reason, not only the first",
        "batch": (
            "the drop's date, or `training`; `<date>-stopped` for a drop that a limit stopped, until a drop of "
            "that date is scored"
        ),
        "run_id": "the run in the ledger; a run that was stopped has no row there",
        "outcome": "`rejected` (a row that breaks the contract) or `excluded` (a person outside the cohort)",
    },
    "runs": {
        "run_id": (
            "16 hexadecimal digits. For `score`, a hash of study, date, model, drop, the params that decide "
            "scores and the code that scoring uses. For `retrain`, of study, model, `dvc.lock`, params, code and "
            "the champion before. It is taken from their contents, not from the commit, so the same inputs give "
            "the same run. For `update`, of the network, what was scored and landed, params and code"
        ),
        "flow": "`score`, `retrain` or `update`",
        "study": "the study",
        "batch": "the date that was scored or until which an update looked, or `training`",
        "model_version": "SHA-256 of the model that scored, that was trained, or that an update left as champion",
        "data_hashes": (
            "JSON: SHA-256 of every file of the drop (`score`) or of `dvc.lock` (`retrain`). A file that the "
            "contract does not know has a number instead of its name, which may be a person's"
        ),
        "git_revision": "commit of the code, `-dirty` behind it if tracked files differed",
        "params_hash": "SHA-256 of the study's block of `params.yaml`",
        "n_people": "people in the person table; for `update` those of whom an outcome was known",
        "n_scored": "people scored; empty for `retrain`",
        "n_rejected": "people whose row in the person table was rejected",
        "n_excluded": "people outside the cohort",
        "n_rows": "rows of all tables",
        "n_rows_valid": "rows that kept the contract",
        "n_rows_rejected": "rows that did not",
        "promoted": "whether the trained or corrected model became the champion; empty for `score`",
        "started_at": "start",
        "finished_at": "end",
        "seconds": "between the two",
        "details": (
            "JSON: the validation's counts by table and rule, and `absent`, the tables that did not arrive "
            "(`score`); `n_rejects`, rows of `rejects`; the gate's reason and `checks`, the "
            "check's `warnings`, `landed` (as of which date, and how much had landed), the text of `dvc.lock`, and "
            "`stands`, whether the same inputs need no second run (`retrain`); what was tried of each outcome, with "
            "its figures, and the gate's checks (`update`)"
        ),
        "floods": (
            "a line for each limit on lost values that was passed although the run went on (`validation.floods: "
            "say`): column, counts, what the values look like; empty if no limit was passed"
        ),
        "withheld": ("a line for each task that was not scored for want of tables, with the reason; empty if all were"),
        "scores_version": "a version of the table `scores` that holds the run's rows; empty for `retrain`",
        "rejects_version": "a version of the table `rejects` that holds the run's rows",
    },
    "landed": {
        "table": "raw table, for example `DEMO`",
        "person_id": "the person's key, as the contract writes it",
        "file": "file of the drop, `DIQ/part-00001.csv` for a part",
        "line": "line of the CSV on which the row starts, or row number in a Parquet file",
        "row": "empty; of rows that landed before there were cells, the row as JSON, text by column",
        "landed_on": "the drop's date; the partition",
        "run_id": "the run that landed it",
        "columns": (
            "JSON: the columns that the file has, but the key. Their cells stand in `c1`, `c2`, ... in this order, "
            "text as it was delivered; an empty cell is an empty text"
        ),
    },
    "landings": {
        "landed_on": "the drop's date",
        "run_id": "the run that landed it",
        "n_rows": "rows that landed: those that keep the contract",
        "n_people": "those of them in the person table",
        "n_late": "those of them about people who came before and are not in the drop's person table",
        "landed_at": "when",
    },
    "parts": {
        "person_id": "the person's key, as the contract writes it",
        "part": "JSON: the columns of the split file with the person's values",
        "given_on": "the date of the training that gave it; the partition",
    },
    "watched": {
        "score_date": "the night's date; the partition",
        "area": "`tables`, `inputs`, `scores` or `performance`",
        "measure": "`rows`, `missing`, `rejected`, `shift`, or the metric of a task",
        "name": "a raw table, a column as `TABLE.COLUMN`, a domain of features, or a task",
        "part": (
            "of rejected rows the rule, of performance the month of prediction, else the group of people; empty for all"
        ),
        "n": "rows or people behind it; empty where they are few",
        "value": (
            "rows, a share of them, the population stability index with chance taken off, or the metric; empty where "
            "it is undefined, or known of few"
        ),
        "low": "lower end of the metric's interval",
        "high": "upper end of it",
        "usual": "what it is compared with: nights before, or held-out people",
        "limit": "how far it may be from that, by the study's params",
        "state": "`fine`, `beyond` its limit, `dead` (nothing came), or `not judged`",
        "words": "a sentence",
        "model_version": "SHA-256 of the model file that scored the date",
        "run_id": "the run in the ledger that scored it",
    },
    "champions": {
        "model_version": "SHA-256 of the model file, `data/registry/<study>/versions/<sha256>/model.onnx`",
        "promoted_at": "since when; the latest row is the champion",
        "reason": "the gate's words; `by hand: ...` or `rolled back by hand: ...` with the words of who did it",
        "replaced": "the champion before, empty for the first",
        "gate": (
            "JSON: the compared gains over the champion with their intervals, and `checks`, every check with `name`, "
            "`outcome`, `words` and `figures`; `{}` where the gate was not asked"
        ),
    },
}
"""By table and column; of `scores` the columns that every study has."""

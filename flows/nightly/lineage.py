"""What runs of `retrain` and `score` read and write, told as OpenLineage events, with no row and no identifier."""

from __future__ import annotations

import functools
import json
import sys
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ParamSpec

from flows.nightly.score_contract import scores_contract
from flows.project.errors import is_failure, sentence_of
from flows.project.lineage import LineageSettings, read_lineage, send
from flows.project.paths import project_root
from flows.stores.delta_files import is_table, open_table
from flows.study.study import Study
from schemas.reading.folder import table_of
from schemas.reading.places import is_far

PRODUCER = "urn:mtl-health"
SPEC = "https://openlineage.io/spec"
Given = ParamSpec("Given")
Row = dict[str, Any]
Flow = Callable[Given, Row]


def told(job: str) -> Callable[[Flow[Given]], Flow[Given]]:
    """Tell the start and the end of a flow of a study, if params.yaml names a sink; stands below ``@value_free``.

    The flow's first argument is the study's name, and it gives the ledger's row. A sink that does not answer stops
    nothing: that is one line.
    """

    def wrap(flow: Flow[Given]) -> Flow[Given]:
        @functools.wraps(flow)
        def telling(*args: Given.args, **kwargs: Given.kwargs) -> Row:
            root = project_root()
            settings = read_lineage(root)
            if settings is None:
                return flow(*args, **kwargs)
            study = Study(root, str(args[0] if args else kwargs["study"]), "block")
            teller = _Teller(study, job, settings)
            teller.tell("START")
            try:
                row = flow(*args, **kwargs)
            except BaseException as error:
                teller.tell("FAIL" if is_failure(error) else "ABORT", error=error)
                raise
            teller.tell("COMPLETE", row=row)
            return row

        return telling

    return wrap


class _Teller:
    """Tells what happens to one run."""

    def __init__(self, study: Study, job: str, settings: LineageSettings) -> None:
        self.study, self.job, self.settings = study, job, settings
        self.run_id = _run_id()

    def tell(self, kind: str, *, row: Row | None = None, error: BaseException | None = None) -> None:
        """Send one event; whatever goes wrong with it is said in a line, and stops nothing."""
        try:
            said = send(self.study.root, self.settings, self._event(kind, row, error))
        except Exception as fault:
            said = f"the lineage event {kind} could not be made ({type(fault).__name__}); the run goes on"
        if said:
            print(said, file=sys.stderr, flush=True)

    def _event(self, kind: str, row: Row | None, error: BaseException | None) -> dict[str, Any]:
        run_facets: dict[str, Any] = {}
        if error is not None and is_failure(error):
            message = {"message": sentence_of(error), "programmingLanguage": "python"}
            run_facets["errorMessage"] = _facet("1-0-1/ErrorMessageRunFacet", **message)
        if row is not None and row["flow"] == "score":
            moment = f"{row['batch']}T00:00:00Z"
            run_facets["nominalTime"] = _facet("1-0-1/NominalTimeRunFacet", nominalStartTime=moment)
        kind_of_job = {"processingType": "BATCH", "integration": "PREFECT", "jobType": "FLOW"}
        new = row is not None and not row.get("unchanged")
        return {
            "eventType": kind,
            "eventTime": datetime.now(UTC).isoformat(),
            "producer": PRODUCER,
            "schemaURL": f"{SPEC}/2-0-2/OpenLineage.json#/$defs/RunEvent",
            "run": {"runId": self.run_id, "facets": run_facets},
            "job": {
                "namespace": self.settings.namespace,
                "name": f"{self.study.name}.{self.job}",
                "facets": {"jobType": _facet("2-0-4/JobTypeJobFacet", **kind_of_job)},
            },
            "inputs": list(inputs_of(self.study, row)) if new and row else [],
            "outputs": list(outputs_of(self.study, row)) if new and row else [],
        }


def _run_id() -> str:
    """That of Prefect's run, so that both can be found by one name; a new one outside of a run."""
    from prefect import runtime

    found = runtime.flow_run.id
    return str(uuid.UUID(str(found))) if found else str(uuid.uuid4())


def _facet(name: str, **held: Any) -> dict[str, Any]:
    version, kind = name.split("/")
    return {"_producer": PRODUCER, "_schemaURL": f"{SPEC}/facets/{version}/{kind}.json#/$defs/{kind}", **held}


def _dataset(place: Path, version: str, **facets: Any) -> dict[str, Any]:
    """A place by the names of the standard: folders are of the namespace `file`, buckets of their own."""
    text = str(place)
    scheme, _, rest = text.partition("://")
    bucket, _, name = rest.partition("/")
    named = (
        {"namespace": f"{scheme}://{bucket}", "name": name} if is_far(place) else {"namespace": "file", "name": text}
    )
    held = _facet("1-0-1/DatasetVersionDatasetFacet", datasetVersion=version)
    return {**named, "facets": {"version": held, **facets}}


def inputs_of(study: Study, row: Row) -> Iterator[dict[str, Any]]:
    """What a run has read, each thing by the hash of its content."""
    hashes: dict[str, str] = json.loads(row["data_hashes"])
    if row["flow"] == "score":
        for file, checksum in hashes.items():
            if table := table_of(file.partition("/")[0], study.contract):
                yield _dataset(study.inbox / table, checksum)  # the same dataset every night, in another version
        yield _dataset(study.paths.registry / "model", row["model_version"])
        return
    for table in study.contract.tables:
        yield _dataset(study.paths.raw / table, hashes["dvc.lock"])
    if json.loads(row["details"] or "{}").get("landed", {}).get("landings"):
        yield _dataset(study.published / "landed", hashes["dvc.lock"])


def outputs_of(study: Study, row: Row) -> Iterator[dict[str, Any]]:
    """What a run has written: tables by their version, a model by its hash."""
    written = {"rejects": None, "runs": 1}
    if row["flow"] == "score":
        written |= {"scores": row["n_scored"], "landed": None}
    else:
        yield _dataset(study.paths.registry / "model", row["model_version"])
        if row["promoted"]:
            written |= {"champions": 1}
    for name, n_rows in written.items():
        place = study.published / name
        if not is_table(place):
            continue
        facets = {"schema": _columns(study)} if name == "scores" else {}
        dataset = _dataset(place, str(open_table(place).version()), **facets)
        if n_rows is not None:
            counts = _facet("1-0-2/OutputStatisticsOutputDatasetFacet", rowCount=n_rows)
            dataset["outputFacets"] = {"outputStatistics": counts}
        yield dataset


def _columns(study: Study) -> dict[str, Any]:
    columns = scores_contract(study.settings.task_records).columns
    fields = [{"name": name, "type": str(column.dtype.type)} for name, column in columns.items()]
    return _facet("1-2-0/SchemaDatasetFacet", fields=fields)

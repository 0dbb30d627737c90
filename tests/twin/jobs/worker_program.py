"""A worker as its own process (arguments: database, queue, folder, threads), with jobs that wait to be killed."""

import sys
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from time import monotonic, sleep

from twin.errors import Invalid
from twin.jobs.queue import open_queue
from twin.jobs.worker import JobContext, JobKind, Worker
from twin.record import Json
from twin.store.blobs import open_blobs
from twin.store.database import open_database
from twin.store.repository import Store


def main(database: str, queue: str, folder: str, threads: str) -> None:
    place = Path(folder)

    def reach(job: JobContext, step: str) -> None:
        """Say that a step is reached; wait there if the test is about to kill this process in it."""
        if job.job.payload["hold"] != step:
            return
        (place / f"{step}.{job.job.attempt}").touch()
        deadline = monotonic() + 60
        while (place / "hold").exists() and monotonic() < deadline:
            sleep(0.01)
            job.check_cancelled()

    def story(job: JobContext, payload: Mapping[str, Json]) -> dict[str, Json]:
        job.progress("claimed", 0.1)
        reach(job, "claimed")
        content = job.blobs.put([b"result of ", str(payload["n"]).encode()])
        reach(job, "blob_put")
        job.progress("half written", 0.5)
        with job.blobs.create(job.blobs.new_path("incoming")) as out:
            out.write(b"x" * 100_000)
            reach(job, "half_written")
        result: dict[str, Json] = {"sha256": content.sha256}
        with job.conclude(result) as unit:
            reach(job, "in_transaction")
            unit.note("effect", f"job:{job.job.id}", {"sha256": content.sha256}, project=job.job.project)
            unit.tell(unit.new_id(), "done", {"job": job.job.id}, project=job.job.project)
            reach(job, "before_commit")
        return result

    def refuse(job: JobContext, payload: Mapping[str, Json]) -> dict[str, Json]:
        raise Invalid("this model has no elements; export it again")

    def stumble(job: JobContext, payload: Mapping[str, Json]) -> dict[str, Json]:
        if job.job.attempt < int(str(payload["until"])):
            raise OSError("the disk\nis away")
        return {"attempt": job.job.attempt}

    kinds = (JobKind("story", story), JobKind("refuse", refuse), JobKind("stumble", stumble, timedelta(seconds=0)))
    store = Store(open_database(database))
    worker = Worker(
        store, open_blobs(f"file://{place}/blobs"), {kind.name: kind for kind in kinds}, lease=timedelta(seconds=30)
    )
    open_queue(queue).serve(worker, threads=int(threads), sweep_every=timedelta(seconds=0.3))


if __name__ == "__main__":
    main(*sys.argv[1:])

"""The work there is: one room per kind, and `kinds.KINDS`, the one table of them.

A room has up to three modules that the machinery finds by name:

`args.py`
    `Args`: what a job of this kind is asked with, a pydantic model or dataclass. It is validated
    when the job is submitted and lies in the row as JSON. Light to import: the web reads it.

`handler.py`
    ``run(ticket: Ticket, workspace: Workspace) -> Result``
        The work itself, in the confined child of a worker or in the process of `beatstitch make`:
        ticket and files in, files and a result out. No database, no network. The annotations of
        `ticket` and of the return value are real types, which pydantic can write as JSON and read
        back; frozen dataclasses, or None for a result. `workspace.fetch(key)` gives an input's
        file, `workspace.scratch` is a folder that is gone afterwards, `workspace.keep(path, key)`
        hands a file to the storage, `workspace.report(percent, stage, message)` says how far it
        is (to be silent for the kind's `stall_s` is to be dead), and `workspace.stop` is set when
        the work is to end.

`rows.py`
    The worker's side of it, with the database and without what is heavy to import.

    ``prepare(job: Job) -> Ticket | FanOut``
        Rows → the ticket, which holds everything that the work needs. Its `inputs` are the storage
        keys to lay ready; if it has `media_s`, the seconds of media it handles, the time limit
        grows with them. It may mark rows as being processed. It is quick, touches no media, and is
        called again for the same job after a crash. A parent gives `FanOut(children=…)` while
        parts are missing: it waits, and when the last child is done `prepare` is called again,
        which gives the ticket once everything is there.

    ``settle(job: Job, ticket: Ticket, result: Result) -> Mapping[str, object] | FanOut | None``
        Result → rows, inside the transaction that completes the job, when every kept file already
        has its final name in the storage. What it gives (small: ids, sizes) becomes `job.result`.
        `FanOut` instead means that parts turned out to be damaged and are to be made again.
        If it raises, nothing of it stays, and the job fails with that error. The annotation of
        `result` is a real type too: the worker reads the child's JSON by it.

    ``give_up(job: Job) -> None`` (may be left out)
        In a transaction of its own, once for a job that has failed or was cancelled, whoever ended
        it: tells the rows that waited for it, from `job.error_code` and `job.error_message`.
        It may run a moment after the job's row shows the end.

Errors are the vocabulary's. `Transient`, `Unavailable` and `InsufficientStorage` are tried again
up to the kind's `max_attempts`; everything else fails the job at once with its code and sentence.
An exception from outside the vocabulary fails it as `internal_error`: its text goes to the log.

A new kind is a folder, a row there, its tests, and its paragraph in `docs/queue.md`.
"""

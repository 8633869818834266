"""The table that toys settle into, and their reading of jobs."""

from peewee import TextField

from beatstitch.db import base
from beatstitch.db.jobs import Job


class Said(base.Row):
    """What a toy's job has come to: one row for each time that it was settled."""

    job_id = TextField()
    text = TextField()


def create() -> None:
    """Make the table."""
    with base.transaction():
        base.database.create_tables([Said])


def say(job: Job, text: str) -> None:
    """Note what a job has come to."""
    Said.create(job_id=job.id, text=text)

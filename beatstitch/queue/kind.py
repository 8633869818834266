"""What a kind of job is and may take: one row of `jobs.KINDS`."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType
from typing import Literal, cast

from pydantic import TypeAdapter

from beatstitch.documents import read

Band = Literal["interactive", "batch"]
Lane = Literal["light", "heavy"]
GIB = 1024**3
BATCH_STEP_MS = 6 * 3600 * 1000
_STEP_MS: Mapping[Band, int] = {"interactive": 0, "batch": BATCH_STEP_MS}


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of job. `name` is a fixed string on the wire and in rows, so it survives a rename.

    `room` is the dotted path of its folder: `room.args` holds `Args`, `room.handler` the work.
    Time limits are wall clock: `timeout_s`, plus `per_media_s` for each second of media beyond
    `free_media_s`; a child that is silent for `stall_s` is killed as well. `per_user` is how many
    a user may have under way at once, counted over all kinds that set it. `every_s` makes the
    kind recur. `warm` names modules that are imported before the first job, to start faster.
    """

    name: str
    room: str
    band: Band
    lane: Lane
    timeout_s: float
    max_attempts: int
    per_media_s: float = 0.0
    free_media_s: float = 0.0
    stall_s: float = 60.0
    memory_bytes: int = 2 * GIB
    per_user: int | None = None
    every_s: int | None = None
    warm: tuple[str, ...] = ()

    def due_ms(self, asked_ms: int) -> int:
        """The virtual deadline of a job asked for at this wall time: smaller is sooner.

        Batch work is due six hours later than interactive work of the same moment: a preview
        overtakes a final, and nothing waits for ever.
        """
        return asked_ms + _STEP_MS[self.band]

    def time_limit_s(self, media_s: float) -> float:
        """The wall-clock limit of one attempt that handles this much media."""
        return self.timeout_s + self.per_media_s * max(0.0, media_s - self.free_media_s)

    def check(self, args: Mapping[str, object]) -> dict[str, object]:
        """The arguments as they go into the row. Raises Invalid naming the first that is wrong."""
        model: TypeAdapter[object] = TypeAdapter(cast(type[object], self.module("args").Args))
        checked = read(model, dict(args), "validation_error")
        dumped: dict[str, object] = model.dump_python(checked, mode="json")
        return dumped

    def module(self, name: Literal["args", "handler", "rows"]) -> ModuleType:
        """A module of the kind's room, imported on first use."""
        return import_module(f"{self.room}.{name}")

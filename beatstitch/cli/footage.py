"""The photos and clips of a film on the command line: taken in once per content; what can't be
used is left out with its reason, and the rest goes on."""

from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from pydantic import TypeAdapter

from beatstitch.cli.gather import Given
from beatstitch.cli.recognise import recognised
from beatstitch.cli.workbench import Workbench
from beatstitch.documents import read_json
from beatstitch.errors import (
    BeatstitchError,
    Cancelled,
    InsufficientStorage,
    Invalid,
    NotFound,
    Transient,
    Unavailable,
    UnsupportedMedia,
)
from beatstitch.jobs.media_processing.args import INGEST, Facts, Ticket
from beatstitch.timeline.choose import Medium
from beatstitch.timeline.edl import Focus

_FACTS: TypeAdapter[Facts] = TypeAdapter(Facts)
# These say something of the machine and not of the file: the whole run ends with them.
NOT_THE_FILE = (Cancelled, InsufficientStorage, Transient, Unavailable)


@dataclass(frozen=True, slots=True)
class Shot:
    """A file that can be used."""

    given: Given
    facts: Facts

    @property
    def medium(self) -> Medium:
        """As the timeline's builder sees it."""
        source = self.facts.source
        return Medium(
            source.id,
            source.media_type,
            source.duration_ms,
            focus=self.facts.focus,
            keyframes_ms=source.keyframes_ms,
            damaged_ms=source.damaged_ms,
        )

    @property
    def note(self) -> str | None:
        """What is odd about it, in words."""
        return "; ".join(filter(None, (self.facts.note, self.facts.source.damage))) or None


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A file that was given and can't be used, and why."""

    path: Path
    reason: str

    @property
    def said(self) -> str:
        """The reason with the file's name before it, unless it begins with it."""
        name = self.path.name
        return self.reason if self.reason.startswith(name) else f"{name} {self.reason}"


@dataclass(frozen=True, slots=True)
class Footage:
    """All that was given, in order: what can be used, what is left out, what is odd."""

    shots: tuple[Shot, ...]
    left_out: tuple[LeftOut, ...]

    @property
    def files(self) -> dict[str, Given]:
        """The media that aren't in the cache, by storage key."""
        return {_key(shot.given): shot.given for shot in self.shots}

    def media(self, wished: Sequence[tuple[str, Focus]] = ()) -> list[Medium]:
        """As the timeline's builder sees them, around the points that are wished for by the names
        of files. Raises Invalid for a name of none of them, or of more than one."""
        points = {self._named(name).given.id: focus for name, focus in wished}
        media = [shot.medium for shot in self.shots]
        return [replace(m, focus=points.get(m.id, m.focus)) for m in media]

    def _named(self, name: str) -> Shot:
        parts = Path(name).parts
        named = [s for s in self.shots if s.given.path.parts[-len(parts) :] == parts]
        if len(named) != 1:
            raise Invalid(
                "no_such_medium",
                f"--focus {name}: {len(named) or 'no'} photos or clips that can be used have this "
                "name; give the name of one of them, with its folder if need be.",
            )
        return named[0]


def start(paths: Sequence[Path], bench: Workbench) -> list[Future[Shot | LeftOut]]:
    """Begin to take in files, beside whatever else is done."""
    return [bench.start(partial(_take_in, path, bench)) for path in paths]


def finish(futures: Sequence[Future[Shot | LeftOut]]) -> Footage:
    """What came of `start`; of files with the same content, the first. Raises what isn't the
    fault of a file."""
    shots: dict[str, Shot] = {}
    left_out = []
    for future in futures:
        came = future.result()
        if isinstance(came, LeftOut):
            left_out.append(came)
        elif came.given.id in shots:
            same = shots[came.given.id].given.path.name
            left_out.append(LeftOut(came.given.path, f"has the same content as {same}"))
        else:
            shots[came.given.id] = came
    return Footage(tuple(shots.values()), tuple(left_out))


def measure_again(footage: Footage, ids: Sequence[str], bench: Workbench) -> Footage:
    """The footage after decoding those clips to their end: shorter where they break off, without
    those of which nothing can be decoded."""
    shots, left_out = [], list(footage.left_out)
    for shot in footage.shots:
        if shot.given.id not in ids:
            shots.append(shot)
            continue
        came = _processed(shot.given, bench, decode_all=True)
        if isinstance(came, LeftOut):
            left_out.append(came)
        else:
            shots.append(came)
    return Footage(tuple(shots), tuple(left_out))


def look_for_damage(footage: Footage, ids: Sequence[str], bench: Workbench) -> Footage:
    """The footage with where those clips, of which a decoder told of damage, are damaged."""
    return replace(
        footage,
        shots=tuple(
            _examined(shot, bench) if shot.given.id in ids else shot for shot in footage.shots
        ),
    )


def _examined(shot: Shot, bench: Workbench) -> Shot:
    from beatstitch.jobs.media_processing import damage

    source, file = shot.facts.source, shot.given
    found = bench.run(damage.run, damage.Doubt(source), {_key(file): file})
    facts = replace(shot.facts, source=replace(source, damaged_ms=found))
    bench.keep_bytes(_FACTS.dump_json(facts), _facts_key(file))
    return Shot(file, facts)


def _take_in(path: Path, bench: Workbench) -> Shot | LeftOut:
    if path.is_dir():
        return LeftOut(path, "is a folder that can't be opened")
    try:
        file = recognised(path, bench)
    except OSError as unreadable:
        return LeftOut(path, f"can't be read: {unreadable.strerror}")
    except (NotFound, UnsupportedMedia) as refused:
        return LeftOut(path, refused.message)
    if bench.hold(_facts_key(file)) is None:
        return _processed(file, bench, decode_all=False)
    facts = read_json(_FACTS, bench.read(_facts_key(file)), "bad_facts")
    is_there = facts.source.key == _key(file) or bench.hold(facts.source.key)
    return Shot(file, facts) if is_there else _processed(file, bench, decode_all=False)


def _processed(file: Given, bench: Workbench, *, decode_all: bool) -> Shot | LeftOut:
    # To import what looks at pictures takes as long as a chunk, and most files have been taken in.
    from beatstitch.jobs.media_processing import handler

    ticket = Ticket(
        media_asset_id=file.id,
        name=file.path.name,
        key=_key(file),
        checksum=file.sha256,
        prefix=f"media/{file.sha256[:2]}",
        decode_all=decode_all,
    )
    try:
        facts = bench.run(handler.run, ticket, {ticket.key: file})
    except NOT_THE_FILE:
        raise
    except BeatstitchError as refused:
        return LeftOut(file.path, refused.message)
    bench.keep_bytes(_FACTS.dump_json(facts), _facts_key(file))
    return Shot(file, facts)


def _key(file: Given) -> str:
    return f"given/{file.sha256}"


def _facts_key(file: Given) -> str:
    return f"media/{file.sha256[:2]}/{file.sha256}.{INGEST}.json"

"""What the work is asked with and what it answers."""

from dataclasses import dataclass

from beatstitch.render.source import Source


@dataclass(frozen=True, slots=True)
class Args:
    """A medium of a project that is ready. With `is_doubted` its proxy is made anew only if its
    file isn't any more what it was made as."""

    media_asset_id: str
    is_doubted: bool = False


@dataclass(frozen=True, slots=True)
class Ticket:
    """A medium as the renderer meets it, and where what is made of it is kept. `doubted` is a proxy
    that is there and may be sound, and `stamp` the storage's for its file as it is read."""

    source: Source
    prefix: str
    doubted: Source | None = None
    stamp: str | None = None

    @property
    def inputs(self) -> tuple[str, ...]:
        """The storage keys that have to be at hand."""
        return (self.source.key, *((self.doubted.key,) if self.doubted else ()))

    @property
    def media_s(self) -> float:
        """The length of the clip in seconds, 0 for a photo."""
        return (self.source.duration_ms or 0) / 1000


@dataclass(frozen=True, slots=True)
class Looks:
    """How a medium looks, each from 0 to 1: `brightness` of its pictures; `sharpness`, where a
    photo in focus is above 0.5 and a blurred one below 0.2; `motion`, 0 for a photo. `scenes_ms`
    are the moments at which another scene begins."""

    brightness: float
    sharpness: float
    motion: float = 0.0
    scenes_ms: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Made:
    """What was kept. `proxy` is None for a photo that is small enough by itself; a photo has no
    filmstrip. `damaged_ms` is where a clip was found to be damaged when all of it was decoded."""

    looks: Looks
    proxy: Source | None
    proxy_bytes: int = 0
    filmstrip_key: str | None = None
    damaged_ms: tuple[tuple[int, int], ...] = ()

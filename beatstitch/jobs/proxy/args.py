"""What the work is asked with and what it answers."""

from dataclasses import dataclass

from beatstitch.render.source import Source


@dataclass(frozen=True, slots=True)
class Args:
    """A medium of a project that is ready."""

    media_asset_id: str


@dataclass(frozen=True, slots=True)
class Ticket:
    """A medium as the renderer meets it, and where what is made of it is kept."""

    source: Source
    prefix: str

    @property
    def inputs(self) -> tuple[str, ...]:
        """The storage keys that have to be at hand."""
        return (self.source.key,)

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
    filmstrip."""

    looks: Looks
    proxy: Source | None
    proxy_bytes: int = 0
    filmstrip_key: str | None = None

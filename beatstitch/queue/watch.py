"""How long something has been seen as it is, by the watcher's own boot clock.

Clocks of two machines tell each other nothing, and every wall clock may step. But a lease that is
renewed looks different each time, so whoever sees one unchanged for a whole lease knows that it has
ended, whatever the time is.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from beatstitch.queue.clock import Instant


@dataclass(slots=True)
class Watch:
    """One watcher's memory: what each thing looked like, and since which ms of its boot clock."""

    _since: dict[str, tuple[object, int]] = field(default_factory=dict)

    def unchanged_ms(self, looks: Mapping[str, object], at: Instant) -> dict[str, int]:
        """For how long each thing has looked like this. What is not named is forgotten."""
        before = self._since
        self._since = {
            name: before[name] if name in before and before[name][0] == look else (look, at.boot_ms)
            for name, look in looks.items()
        }
        return {name: at.boot_ms - since for name, (_, since) in self._since.items()}

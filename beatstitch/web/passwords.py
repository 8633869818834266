"""Passwords as bcrypt hashes, and a check that takes as long for a name that nobody has."""

import bcrypt

COST = 12
"""2^12 rounds: a quarter of a second on a small server (OWASP asks for at least 2^10)."""
MIN_BYTES = 8
MAX_BYTES = 72
"""bcrypt reads no further; a longer password is refused and never cut."""


class Passwords:
    """Hashes at one cost."""

    def __init__(self, cost: int = COST) -> None:
        self._cost = cost
        # No password has this hash, but to find that out takes the same work as any other.
        self._nobodys = f"$2b${cost:02d}${'.' * 53}"

    def hashed(self, password: str) -> str:
        """The hash to keep. Raises ValueError beyond MAX_BYTES."""
        return bcrypt.hashpw(password.encode(), bcrypt.gensalt(self._cost)).decode()

    def is_right(self, password: str, kept: str | None) -> bool:
        """Whether this is the password of the kept hash; without one the answer is a slow no."""
        given = password.encode()
        right = bcrypt.checkpw(given[:MAX_BYTES], (kept or self._nobodys).encode())
        return right and kept is not None and len(given) <= MAX_BYTES

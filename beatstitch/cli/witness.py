"""What the audit log is told of an operator's command: its name, and what it was done to."""

from beatstitch.db import audit


def note(command: str, subject: str, user_id: str | None = None) -> None:
    """Write a command down that has changed something; never with a secret in it."""
    audit.note("command", actor="operator", user_id=user_id, subject=f"{command}: {subject}")

"""A word to systemd, for units of Type=notify (sd_notify(3)): one datagram, if it asked for any."""

import os
import socket


def notify(state: str) -> None:
    """Tell systemd READY=1, STOPPING=1 or WATCHDOG=1; without systemd nothing happens."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    if address.startswith("@"):
        address = f"\0{address[1:]}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.sendto(state.encode(), address)

"""How a child can end badly, as errors of the house."""

from beatstitch.errors import MediaRejected, Transient


class ProcessTimeout(MediaRejected):
    """The child used up its wall-clock or CPU time. The same input would do so again."""

    def __init__(self, timeout_s: float) -> None:
        super().__init__("timeout", f"It took longer than {timeout_s:g} s.", timeout_s=timeout_s)


class OutputTooLarge(MediaRejected):
    """The child wrote more than it may, to a file or to its standard output."""

    def __init__(self) -> None:
        super().__init__("output_too_large", "The result grew larger than it may.")


class ProcessStalled(Transient):
    """The child made no progress for too long."""

    def __init__(self, stall_s: float) -> None:
        super().__init__("stalled", f"There was no progress for {stall_s:g} s.", stall_s=stall_s)


class ProcessKilled(Transient):
    """Somebody else killed the child, most likely the kernel for want of memory."""

    def __init__(self) -> None:
        super().__init__(
            "process_killed",
            "A helper process was killed, most likely for want of memory. "
            "Try again when less is running.",
        )

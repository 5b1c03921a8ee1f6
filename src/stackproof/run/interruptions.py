"""What may end a run early or keep it from starting: signals, another run, a full disk."""

from __future__ import annotations

import errno
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

from stackproof.base.disk import NO_ROOM

__all__ = ["ended_by_signals", "refused", "uninterrupted"]

#: What to do where the system refuses a file.
_REMEDIES = {
    (errno.EACCES, errno.EPERM, errno.EROFS): "make it readable and writable for you",
    (errno.ENOTDIR, errno.EEXIST): "a file is where a folder must be: move it away",
    (errno.EISDIR, errno.ENOTEMPTY): "a folder is where a file must be: move it away",
}


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """Let SIGTERM and SIGHUP end a run as Ctrl-C does, so that its evidence is finished too.

    One that is ignored, as nohup has it, stays so. Raises KeyboardInterrupt in the block at such a
    signal.
    """

    def interrupt(*_: object) -> NoReturn:
        raise KeyboardInterrupt

    with _handled((signal.SIGTERM, signal.SIGHUP), interrupt):
        yield


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Have signals that would end a run wait for the block to end.

    Raises KeyboardInterrupt then, if one came.
    """
    heard: list[int] = []

    def note(number: int, _: object) -> None:
        heard.append(number)

    with _handled((signal.SIGINT, signal.SIGTERM, signal.SIGHUP), note):
        yield
    if heard:
        raise KeyboardInterrupt


@contextmanager
def _handled(
    numbers: Sequence[signal.Signals], handler: Callable[[int, FrameType | None], object]
) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        numbers = ()  # only the main thread hears signals
    heeded = [number for number in numbers if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, handler) for number in heeded}
    try:
        yield
    finally:
        for number, handled in before.items():
            signal.signal(number, handled)


def refused(error: OSError) -> str:
    """Say what the system refused: space on the disk above all, or a file."""
    # Where a file is put in the place of another one, that one is what is in the way.
    name = error.filename2 or error.filename
    if error.errno in NO_ROOM:
        return f"the disk is full ({name or error.strerror})"
    for numbers, remedy in _REMEDIES.items():
        if error.errno in numbers:
            return f"{name} cannot be used ({error.strerror}); {remedy}"
    return f"{name}: {error.strerror}" if name else str(error)

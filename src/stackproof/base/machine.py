"""What kind of machine this is: what seconds are compared by, and how much it does side by side."""

from __future__ import annotations

import os
import platform
import re
from functools import cache
from pathlib import Path

__all__ = ["cores", "machine_class"]

_MODEL = re.compile(r"^model name\s*:\s*(.+?)\s*$", re.MULTILINE)


def cores() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@cache
def machine_class() -> str:
    """Return what machines that take as long as this one have in common, in words.

    That is system, architecture, processor and number of processors, such as
    `Linux x86_64, AMD EPYC 7B13, 2 processors`.
    """
    model = _model()
    named = f", {model}" if model else ""
    return f"{platform.system()} {platform.machine()}{named}, {cores()} processors"


def _model() -> str:
    """Return the name of the processor; on Linux from proc(5), where some processors have none."""
    try:
        found = _MODEL.search(Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace"))
    except OSError:
        return platform.processor()
    return found[1] if found else ""

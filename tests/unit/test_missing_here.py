"""A library that a machine lacks is told from what a stack lacks, and where systems have it."""

from __future__ import annotations

import pytest

from stackproof.experiments.diagnose.signs import missing_here
from stackproof.experiments.diagnose.system_packages import where

NOT_OPENED = "cannot open shared object file: No such file or directory"


@pytest.mark.parametrize(
    ("message", "library", "package"),
    [
        (f"ImportError: libodbc.so.2: {NOT_OPENED}", "libodbc.so.2", "unixodbc"),
        (f"ImportError: libGL.so.1: {NOT_OPENED}", "libGL.so.1", "libgl1"),
        (f"ImportError: libgthread-2.0.so.0: {NOT_OPENED}", "libgthread-2.0.so.0", "libglib2.0-0"),
        ("ImportError: failed to find libmagic.  Check your installation", "libmagic", "libmagic1"),
        ("ImportError: Unable to find zbar shared library", "zbar", "libzbar0"),
        ("did not manage to locate a library called 'cairo-2'", "cairo-2", "libcairo2"),
        ("OSError: sndfile library not found", "sndfile", "libsndfile1"),
        ("OSError: PortAudio library not found", "PortAudio", "libportaudio2"),
        (
            f"OSError: cannot load library 'gobject-2.0-0': gobject-2.0-0: {NOT_OPENED}",
            "gobject-2.0-0",
            "libglib2.0-0",
        ),
    ],
)
def test_a_library_of_the_system_is_named(message: str, library: str, package: str) -> None:
    assert missing_here(message) == library
    found = where(library)
    assert found is not None
    assert found.fields["debian"] == package


@pytest.mark.parametrize(
    "message",
    [
        f"ImportError: libtorch_cpu.so: {NOT_OPENED}",
        f"ImportError: libopenblas64_p-r0-0cf96a72.3.23.dev.so: {NOT_OPENED}",
        "ModuleNotFoundError: No module named 'magic'",
        "RuntimeError: unable to find a library function",
    ],
)
def test_what_releases_bring_is_no_library_of_the_system(message: str) -> None:
    assert missing_here(message) is None

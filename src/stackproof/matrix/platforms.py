"""The platforms of other machines, by the names that uv has for them (`--python-platform`).

Of a Linux the name says the C library that it has, or the oldest that uv takes it to have:
https://docs.astral.sh/uv/reference/cli/#uv-pip-compile. Which wheels go there is the business of
PEP 600 (manylinux), PEP 656 (musllinux) and the Packaging User Guide's page on platform tags.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Literal

from packaging.tags import mac_platforms

__all__ = ["PLATFORMS", "UNIVERSAL", "Platform", "Universal"]

#: Every platform at once, in place of one.
Universal = Literal["universal"]
UNIVERSAL: Universal = "universal"

_MACHINES = ("x86_64", "aarch64")
#: The releases of glibc that uv has names for, and the one that a Linux has if nothing is said.
_GLIBC = (17, 28, *range(31, 41))
_USUAL_GLIBC = 28
_MUSL = 2
_MACOS = (13, 0)
#: The oldest glibc of a wheel: machines that came later have none for an older one (PEP 600).
_OLDEST_GLIBC = {"x86_64": 5, "aarch64": 17}
#: What tags said before PEP 600, by the glibc that it stands for.
_LEGACY = {17: "manylinux2014", 12: "manylinux2010", 5: "manylinux1"}


@dataclass(frozen=True, kw_only=True)
class Platform:
    """A machine's system as uv names it: `machine` and `system` as markers have them.

    `libc` is the minor release of the C library of a Linux, of glibc 2 or musl 1, and None
    elsewhere.
    """

    name: str
    machine: str
    system: Literal["Linux", "Darwin", "Windows"]
    libc: int | None = None

    @cached_property
    def tags(self) -> tuple[str, ...]:
        """The platform tags of the wheels that go there, the best one first."""
        if self.system == "Darwin":
            return tuple(mac_platforms(_MACOS, self.machine))
        if self.libc is None:
            return (_WINDOWS_TAGS[self.machine],)
        linux = _musl(self.libc) if self.name.endswith("-musl") else _glibc(self.libc, self.machine)
        return (*(f"{tag}_{self.machine}" for tag in linux), f"linux_{self.machine}")

    @property
    def markers(self) -> Mapping[str, str]:
        """What markers go by there; uv takes no release of a system for known."""
        return {
            "os_name": "nt" if self.system == "Windows" else "posix",
            "platform_machine": self.machine,
            "platform_release": "",
            "platform_system": self.system,
            "platform_version": "",
            "sys_platform": _SYS_PLATFORM[self.system],
        }


_SYS_PLATFORM = {"Linux": "linux", "Darwin": "darwin", "Windows": "win32"}
#: By the machine as a marker has it on Windows.
_WINDOWS_TAGS = {"AMD64": "win_amd64", "ARM64": "win_arm64", "x86": "win32"}


def _glibc(minor: int, machine: str) -> Iterator[str]:
    for older in range(minor, _OLDEST_GLIBC[machine] - 1, -1):
        yield f"manylinux_2_{older}"
        if older in _LEGACY:
            yield _LEGACY[older]


def _musl(minor: int) -> Iterator[str]:
    return (f"musllinux_1_{older}" for older in range(minor, -1, -1))


def _all() -> Iterator[Platform]:
    for machine in _MACHINES:
        for minor in _GLIBC:
            yield _linux(f"manylinux_2_{minor}", machine, minor)
        yield _linux("manylinux2014", machine, 17)
        yield _linux("unknown-linux-gnu", machine, _USUAL_GLIBC)
        yield _linux("unknown-linux-musl", machine, _MUSL)
    for name, machine in (("aarch64", "arm64"), ("x86_64", "x86_64")):
        yield Platform(name=f"{name}-apple-darwin", machine=machine, system="Darwin")
    for name, machine in (("x86_64", "AMD64"), ("aarch64", "ARM64"), ("i686", "x86")):
        yield Platform(name=f"{name}-pc-windows-msvc", machine=machine, system="Windows")


def _linux(system: str, machine: str, libc: int) -> Platform:
    return Platform(name=f"{machine}-{system}", machine=machine, system="Linux", libc=libc)


#: Every platform by its name.
PLATFORMS: Mapping[str, Platform] = MappingProxyType({item.name: item for item in _all()})

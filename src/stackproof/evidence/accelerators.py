"""The builds for accelerators among what is installed, as a record, and whether they agree.

A version alone does not tell them apart: 2.5.1+cpu, 2.5.1+cu121 and a plain 2.5.1 are three builds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from types import MappingProxyType

from stackproof.base.records import Record
from stackproof.reasons.reason import Reason, reason

__all__ = ["AcceleratedBuild", "Accelerators"]

#: The oldest driver of Linux on which what a major release of CUDA built runs:
#: https://docs.nvidia.com/deploy/cuda-compatibility/minor-version-compatibility.html
_DRIVERS = MappingProxyType({"11": "450", "12": "525", "13": "580"})
_TORCH = "torch"
#: What is compiled against one build of torch, and loads its libraries.
_WITH_TORCH = ("torchaudio", "torchvision")
_LIBRARY = "nvidia-"
_NAMES = MappingProxyType({"cuda": "CUDA", "rocm": "ROCm", "xpu": "XPU"})


class AcceleratedBuild(Record):
    """What one distribution was built for: "cpu", or "cuda", "rocm" or "xpu" of a version.

    `version` is its own, `toolkit` the accelerator's, "" where none is told; `told_by` is the file
    that says so, or the name of the distribution. `architectures` are those of the compiled code.
    """

    name: str
    version: str
    accelerator: str
    toolkit: str = ""
    told_by: str
    architectures: tuple[str, ...] = ()

    @property
    def major(self) -> str:
        """The major release of CUDA, "" for what is for something else."""
        return self.toolkit.partition(".")[0] if self.accelerator == "cuda" else ""

    def is_of_the_build(self, other: AcceleratedBuild) -> bool:
        """Tell whether both are for the same; one may say less of the version, 12 beside 12.1."""
        less, more = sorted((self.toolkit, other.toolkit), key=len)
        same = not less or f"{more}.".startswith(f"{less}.")
        return same and self.accelerator == other.accelerator

    @property
    def made_for(self) -> str | Reason:
        """What it is a build for, as sentences have it, such as CUDA 12.1."""
        if self.accelerator == "cpu":
            return reason("the-cpu")
        return f"{_NAMES.get(self.accelerator, self.accelerator)} {self.toolkit}".rstrip()

    def __str__(self) -> str:
        """Return name and version."""
        return f"{self.name} {self.version}"


class Accelerators(Record):
    """Every installed distribution that is known to be built for an accelerator, or could be."""

    format: int = 1
    builds: tuple[AcceleratedBuild, ...]

    @property
    def matter(self) -> bool:
        """Whether any is for an accelerator: of the CPU's alone there is nothing to say."""
        return any(build.accelerator != "cpu" for build in self.builds)

    def answers(self) -> Iterator[tuple[str, bool, Reason]]:
        """Yield name, whether its build goes with the others, and what there is to say of it.

        Libraries of NVIDIA's are named only where they do not.
        """
        if not self.matter:
            return
        for build in self.builds:
            wrong = self._wrong(build)
            if wrong or not build.name.startswith(_LIBRARY):
                yield build.name, wrong is None, wrong or _about(build)

    def _wrong(self, build: AcceleratedBuild) -> Reason | None:
        """Say how a build disagrees with the others, or nothing."""
        torch = next((item for item in self.builds if item.name == _TORCH), None)
        if torch and build.name in _WITH_TORCH:
            if build.is_of_the_build(torch):
                return None
            return _apart(build, torch, reason("operators-missing"))
        frameworks = self._frameworks
        # Libraries may serve a framework that is not known, such as tensorflow or xgboost.
        first = next(iter(frameworks or self._libraries), build)
        served = frameworks if build.name.startswith(_LIBRARY) else []
        if not build.major or build.major in {item.major for item in (first, *served)}:
            return None
        return _apart(build, first, reason("one-process"))

    @property
    def _frameworks(self) -> list[AcceleratedBuild]:
        """What uses CUDA and is no library of it, torch first."""
        found = [item for item in self.builds if item.major and not item.name.startswith(_LIBRARY)]
        return sorted(found, key=lambda item: item.name != _TORCH)

    @property
    def _libraries(self) -> list[AcceleratedBuild]:
        """NVIDIA's libraries, those for the major release that most are for first."""
        found = [item for item in self.builds if item.name.startswith(_LIBRARY)]
        most = Counter(item.major for item in found)
        return sorted(found, key=lambda item: -most[item.major])


def _apart(build: AcceleratedBuild, other: AcceleratedBuild, why: Reason) -> Reason:
    return reason(
        "builds-apart",
        build=str(build),
        target=build.made_for,
        other=str(other),
        others=other.made_for,
        why=why,
    )


def _about(build: AcceleratedBuild) -> Reason:
    about = reason("build-for", build=str(build), target=build.made_for, told_by=build.told_by)
    if build.architectures:
        about = reason("compiled-for", why=about, architectures=" ".join(build.architectures))
    driver = _DRIVERS.get(build.major)
    return about.then(reason("runs-on-drivers", driver=driver) if driver else None)

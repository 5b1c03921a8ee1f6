"""What the installed distributions were built for, by their files and names: no GPU is needed.

Nothing is imported: a build that does not fit this machine could not be. Of torch the compiled
architectures stand in the library of its Python bindings, as torch.cuda.get_arch_list() has them.

A plain version does not tell a build for the CPU: on Linux torch 2.5.1 of the public index is one
for CUDA, and torchvision's beside it too. Both say so in files of theirs, torch as `cuda = '12.4'`
and all as `__version__ = '0.20.1+cu124'`; and what is built by hand, and says neither, names the
libraries that it is linked with.
"""

from __future__ import annotations

import mmap
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from stackproof.evidence.accelerators import AcceleratedBuild, Accelerators
from stackproof.installers.environment import distributions

__all__ = ["accelerators"]

#: Where a distribution says what it was built for.
_FILES = {
    "torch": "torch/version.py",
    "torchaudio": "torchaudio/version.py",
    "torchvision": "torchvision/version.py",
    "onnxruntime-gpu": "onnxruntime/capi/build_and_package_info.py",
}
#: The local part of a version, such as cu121, cu12 or rocm6.2, in a file or in the version itself:
#: of cu121 the last digit is the minor release. Whatever else a local part may be says nothing.
_LOCAL = re.compile(
    r"\+(?:(?P<kind>cpu|xpu|rocm)(?P<number>\d+(?:\.\d+)*)?|cu(?P<major>\d\d)(?:\.?(?P<minor>\d))?)"
    r"(?![0-9A-Za-z])"
)
_CUDA = re.compile(r"^cuda(?:_version)?(?:: [^=]+)? = ['\"](\d+(?:\.\d+)?)", re.MULTILINE)
_HIP = re.compile(r"^hip(?:: [^=]+)? = ['\"](\d+(?:\.\d+)?)", re.MULTILINE)
_XPU = re.compile(r"^xpu(?:: [^=]+)? = ['\"]\d", re.MULTILINE)
_NO_CUDA = re.compile(r"^cuda(?:: [^=]+)? = None\b", re.MULTILINE)
#: Where the compiled code lies of what is built with torch, and the libraries of an accelerator.
_COMPILED = {"torchaudio": "torchaudio/lib", "torchvision": "torchvision"}
_LINKED = re.compile(
    rb"(?:c10|torch)_(cuda|hip|xpu)[\w-]*\.(?:so|dll)\b|cudart[\w-]*\.(?:so|dll)\b"
)
_NAMES = re.compile(
    r"cupy-(?:cuda(?P<cupy>\d\d)[\dx]|rocm[\w-]*)"
    r"|jax-cuda(?P<jax>\d\d)-(?:plugin|pjrt)"
    r"|nvidia-[\w-]+-cu(?P<nvidia>\d\d)"
)
#: From CUDA 13 on NVIDIA's libraries have names without it, and these have its major release for
#: their own (https://docs.nvidia.com/cuda/cuda-toolkit-release-notes/). Others, such as
#: nvidia-cufft, count by themselves, and come with one of these.
_VERSIONS = re.compile(
    r"nvidia-(?:cublas|cuda-[a-z-]+|npp|nvfatbin|nvjitlink|nvjpeg|nvptxcompiler|nvtx|nvvm)"
)
#: What has less than two digits is an empty stand-in.
_MAJOR = re.compile(r"(\d\d)\.")
_ARCHITECTURES = re.compile(rb"(?:sm|compute)_\d+[a-z]?(?: (?:sm|compute)_\d+[a-z]?)+")


def accelerators(libraries: Iterable[Path]) -> Accelerators:
    """Return what folders of modules have that is, or could be, built for an accelerator."""
    found = {
        build.name: build
        for library in libraries
        for _, name, version in distributions(library)
        for build in _build(library, name, version)
    }
    return Accelerators(builds=tuple(found[name] for name in sorted(found)))


def _build(library: Path, name: str, version: str) -> Iterator[AcceleratedBuild]:
    if match := _NAMES.fullmatch(name):
        cuda = next(filter(None, match.groups()), "")
        kind = "cuda" if cuda else "rocm"
        yield AcceleratedBuild(
            name=name, version=version, accelerator=kind, toolkit=cuda, told_by="its name"
        )
    elif _VERSIONS.fullmatch(name):
        if match := _MAJOR.match(version):
            yield AcceleratedBuild(
                name=name,
                version=version,
                accelerator="cuda",
                toolkit=match[1],
                told_by="its version",
            )
    elif name in _FILES:
        for told_by, said in _told(library, name, version):
            yield AcceleratedBuild(
                name=name,
                version=version,
                accelerator=said[0],
                toolkit=said[1],
                told_by=told_by,
                architectures=_architectures(library) if name == "torch" else (),
            )
            return


def _told(library: Path, name: str, version: str) -> Iterator[tuple[str, tuple[str, str]]]:
    """Yield what says for what a distribution was built, and what it says, the surest first."""
    file = _FILES[name]
    text = _text(library / file)
    if said := _in_text(text) or _in_version(version):
        yield file, said
    elif _NO_CUDA.search(text):
        yield file, ("cpu", "")
    elif text and name in _COMPILED:
        yield from _in_compiled(library, name)


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _in_text(text: str) -> tuple[str, str] | None:
    """Return accelerator and toolkit as a file has them, None where it names none."""
    if match := _CUDA.search(text):
        return "cuda", match[1]
    if said := _in_version(text):
        return said
    if match := _HIP.search(text):
        return "rocm", match[1]
    return ("xpu", "") if _XPU.search(text) else None


def _in_compiled(library: Path, name: str) -> Iterator[tuple[str, tuple[str, str]]]:
    """Yield what compiled code is linked with; with no accelerator, it is code for the CPU.

    Without any, torchvision has no operator at all; torchaudio can do without.
    """
    folder = library / _COMPILED[name]
    files = [file for end in ("so", "pyd", "dylib") for file in sorted(folder.glob(f"*.{end}"))]
    for file in files:
        if match := _found(_LINKED, file):
            kind = {b"hip": "rocm", b"xpu": "xpu"}.get(match[1], "cuda")
            yield file.relative_to(library).as_posix(), (kind, "")
    if files or name == "torchvision":
        told_by = files[0].relative_to(library).as_posix() if files else _FILES[name]
        yield told_by, ("cpu", "")


def _in_version(text: str) -> tuple[str, str] | None:
    match = _LOCAL.search(text)
    if match is None:
        return None
    if match["kind"]:
        return match["kind"], match["number"] or ""
    return "cuda", ".".join(filter(None, (match["major"], match["minor"])))


def _architectures(library: Path) -> tuple[str, ...]:
    match = _found(_ARCHITECTURES, library / "torch" / "lib" / "libtorch_python.so")
    return tuple(match[0].decode().split()) if match else ()


def _found(pattern: re.Pattern[bytes], file: Path) -> re.Match[bytes] | None:
    """Return the first match in a file, its parts as bytes of their own, None where none is."""
    try:
        with file.open("rb") as opened, mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as m:
            match = pattern.search(m)
            return pattern.match(match[0]) if match else None
    except (OSError, ValueError):  # there is none, or it is empty
        return None

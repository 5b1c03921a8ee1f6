"""Builds for accelerators, told by files and names, and whether they belong together."""

from __future__ import annotations

from pathlib import Path

import pytest

from stackproof.evidence.accelerators import Accelerators
from stackproof.reasons.words import in_words
from stackproof.run.accelerators import accelerators

TORCH = "__version__ = '2.5.1+{local}'\ncuda: Optional[str] = {cuda}\n"


def install(library: Path, name: str, version: str) -> None:
    """Leave the metadata of a distribution in a folder of modules."""
    metadata = library / f"{name.replace('-', '_')}-{version}.dist-info"
    metadata.mkdir(parents=True)
    for file in ("METADATA", "INSTALLER"):
        (metadata / file).write_text("uv")


def torch(library: Path, local: str = "cu121", cuda: str = "'12.1'") -> None:
    install(library, "torch", "2.5.1")
    (library / "torch").mkdir()
    (library / "torch" / "version.py").write_text(TORCH.format(local=local, cuda=cuda))


def says(library: Path, name: str, version: str, text: str = "") -> None:
    """Leave a distribution in a folder of modules, and what its own version.py says."""
    install(library, name, version)
    (library / name).mkdir()
    (library / name / "version.py").write_text(f"__version__ = '{version}'\n{text}")


def told(library: Path) -> dict[str, tuple[bool, str]]:
    found = accelerators([library])
    assert Accelerators.model_validate_json(found.model_dump_json()) == found
    return {name: (well, in_words(why)) for name, well, why in found.answers()}


def test_a_build_says_what_it_is_for_and_what_runs_it(tmp_path: Path) -> None:
    torch(tmp_path)
    library = tmp_path / "torch" / "lib" / "libtorch_python.so"
    library.parent.mkdir()
    library.write_bytes(b"\0sm_1\0sm_50 sm_80 compute_90a\0sm_60 sm_70\0")
    assert told(tmp_path) == {
        "torch": (
            True,
            (
                "torch 2.5.1 is a build for CUDA 12.1 (by torch/version.py), compiled for sm_50 "
                "sm_80 compute_90a; it runs on drivers from 525 on"
            ),
        )
    }


@pytest.mark.parametrize(
    ("local", "is_well"),
    [
        *(("cu121", True), ("cu12", True), ("cu12.1", True), ("cu121.post1", True)),
        *(("cu118", False), ("cu11", False), ("cpu", False), ("rocm6.2", False)),
    ],
)
def test_what_is_compiled_with_torch_is_of_the_same_build(
    tmp_path: Path,
    local: str,
    is_well: bool,  # noqa: FBT001
) -> None:
    torch(tmp_path)
    install(tmp_path, "torchvision", f"0.20.1+{local}")
    well, said = told(tmp_path)["torchvision"]
    assert well is is_well
    assert is_well or "torch 2.5.1 one for CUDA 12.1: what it compiled cannot be" in said


def test_of_builds_for_the_cpu_alone_nothing_is_said(tmp_path: Path) -> None:
    torch(tmp_path, "cpu", "None")
    install(tmp_path, "torchvision", "0.20.1+cpu")
    install(tmp_path, "numpy", "2.0")
    assert told(tmp_path) == {}
    assert [build.name for build in accelerators([tmp_path]).builds] == ["torch", "torchvision"]


#: As the published files have it: torch says what it is for, torchvision asks when it is imported.
NO_CUDA = "cuda: Optional[str] = None\nhip: Optional[str] = None\n"
ASKS = "if _check_cuda_version() > 0:\n    cuda = _check_cuda_version()\n"


def test_torch_for_the_cpu_without_a_local_version_is_a_build_of_its_own(tmp_path: Path) -> None:
    says(tmp_path, "torch", "2.5.1", NO_CUDA)
    says(tmp_path, "torchvision", "0.20.1+cu121", ASKS)
    assert told(tmp_path) == {
        "torch": (True, "torch 2.5.1 is a build for the CPU (by torch/version.py)"),
        "torchvision": (
            False,
            (
                "torchvision 0.20.1+cu121 is a build for CUDA 12.1, torch 2.5.1 one for the CPU: "
                "what it compiled cannot be loaded, and its operators are missing"
            ),
        ),
    }


@pytest.mark.parametrize(
    ("linked", "is_well"),
    [
        (None, False),
        (b"\0libc10.so\0libtorch_cpu.so\0libc10_cuda_like\0", False),
        (b"\0libc10.so\0libc10_cuda.so\0libtorch_cuda.so\0", True),
        (b"\0libcudart-8774224f.so.12\0", True),
        (b"\0c10_cuda.dll\0", True),
        (b"\0libc10_hip.so\0", False),
        (b"", False),
    ],
)
def test_a_plain_torchvision_is_told_by_what_its_code_is_linked_with(
    tmp_path: Path,
    linked: bytes | None,
    is_well: bool,  # noqa: FBT001
) -> None:
    """One that is built by hand has no local version either."""
    torch(tmp_path)
    says(tmp_path, "torchvision", "0.20.1", ASKS)
    if linked is not None:
        (tmp_path / "torchvision" / "_C.so").write_bytes(linked)
    assert told(tmp_path)["torchvision"][0] is is_well


def test_torchaudio_may_have_no_compiled_code(tmp_path: Path) -> None:
    torch(tmp_path)
    says(tmp_path, "torchaudio", "2.5.1")
    assert told(tmp_path).keys() == {"torch"}
    (tmp_path / "torchaudio" / "lib").mkdir()
    (tmp_path / "torchaudio" / "lib" / "libtorchaudio.so").write_bytes(b"\0libtorch_cpu.so\0")
    assert told(tmp_path)["torchaudio"][0] is False


@pytest.mark.parametrize("local", ["", "+cpu"])
def test_of_plain_builds_for_the_cpu_nothing_is_said(tmp_path: Path, local: str) -> None:
    """As the public index has them for macOS, and for Linux on ARM, some with a +cpu."""
    says(tmp_path, "torch", f"2.5.1{local}", NO_CUDA)
    says(tmp_path, "torchvision", "0.20.1", ASKS)
    (tmp_path / "torchvision" / "_C.so").write_bytes(b"\0@rpath/libtorch_cpu.dylib\0")
    says(tmp_path, "torchaudio", "2.5.1")
    assert told(tmp_path) == {}


def test_plain_builds_of_the_public_index_are_told_by_their_files(tmp_path: Path) -> None:
    """Their metadata has no local version, of either: torch 2.5.1 for Linux is one for CUDA."""
    torch(tmp_path, "cu124", "'12.4'")
    install(tmp_path, "torchvision", "0.20.1")
    (tmp_path / "torchvision").mkdir()
    (tmp_path / "torchvision" / "version.py").write_text(f"__version__ = '0.20.1+cu124'\n{ASKS}")
    assert {name: well for name, (well, _) in told(tmp_path).items()} == {
        "torch": True,
        "torchvision": True,
    }


def test_older_ones_have_a_local_version_nowhere(tmp_path: Path) -> None:
    """As torch 1.7.1, which was for CUDA 10.2 unless it said otherwise."""
    says(tmp_path, "torch", "1.7.1", "debug = False\ncuda = '10.2'\n")
    says(tmp_path, "torchvision", "0.8.2", ASKS)
    (tmp_path / "torchvision" / "_C.so").write_bytes(b"\0libcudart.so.10.2\0libc10_cuda.so\0")
    assert all(well for well, _ in told(tmp_path).values())


@pytest.mark.parametrize(
    ("text", "accelerator"),
    [
        ("cuda: Optional[str] = None\nhip: Optional[str] = '6.2.41133-dd7f95766'\n", "ROCm 6.2"),
        ("cuda: Optional[str] = None\nhip = None\nxpu: Optional[str] = '20250101'\n", "XPU"),
    ],
)
def test_torch_names_other_accelerators_in_its_file(
    tmp_path: Path, text: str, accelerator: str
) -> None:
    says(tmp_path, "torch", "2.7.0", text)
    assert told(tmp_path)["torch"] == (
        True,
        f"torch 2.7.0 is a build for {accelerator} (by torch/version.py)",
    )


def test_all_are_for_one_major_release_of_cuda(tmp_path: Path) -> None:
    torch(tmp_path)
    for name in ("cupy-cuda11x", "jax-cuda12-plugin", "nvidia-cudnn-cu12", "nvidia-cublas-cu13"):
        install(tmp_path, name, "1.0")
    found = told(tmp_path)
    assert {name: well for name, (well, _) in found.items()} == {
        "torch": True,
        "cupy-cuda11x": False,
        "jax-cuda12-plugin": True,
        "nvidia-cublas-cu13": False,
    }
    assert found["cupy-cuda11x"][1] == (
        "cupy-cuda11x 1.0 is a build for CUDA 11, torch 2.5.1 one for CUDA 12.1: one process "
        "cannot rely on both"
    )
    assert found["nvidia-cublas-cu13"][1].startswith(
        "nvidia-cublas-cu13 1.0 is a build for CUDA 13, torch 2.5.1 one for CUDA 12.1"
    )


def test_without_torch_the_others_are_compared_with_one_another(tmp_path: Path) -> None:
    install(tmp_path, "jax-cuda13-pjrt", "1.0")
    install(tmp_path, "cupy-cuda12x", "1.0")
    assert [well for well, _ in told(tmp_path).values()] == [True, False]


def test_libraries_without_a_known_framework_are_compared_with_one_another(tmp_path: Path) -> None:
    """As xgboost and tensorflow have them: what uses them is not known."""
    torch(tmp_path, "cpu", "None")
    for name in ("nvidia-nccl-cu12", "nvidia-cudnn-cu12"):
        install(tmp_path, name, "1.0")
    assert [well for well, _ in told(tmp_path).values()] == [True]
    install(tmp_path, "nvidia-cublas-cu11", "1.0")
    assert told(tmp_path)["nvidia-cublas-cu11"] == (
        False,
        (
            "nvidia-cublas-cu11 1.0 is a build for CUDA 11, nvidia-cudnn-cu12 1.0 one for CUDA 12: "
            "one process cannot rely on both"
        ),
    )
    assert "nvidia-nccl-cu12" not in told(tmp_path)


def test_libraries_may_serve_any_framework_that_is_known(tmp_path: Path) -> None:
    torch(tmp_path)
    install(tmp_path, "cupy-cuda11x", "1.0")
    install(tmp_path, "nvidia-cublas-cu11", "1.0")
    assert {name: well for name, (well, _) in told(tmp_path).items()} == {
        "torch": True,
        "cupy-cuda11x": False,
    }


@pytest.mark.parametrize(
    ("name", "version", "is_well"),
    [
        ("nvidia-cublas", "13.1.0.3", False),
        ("nvidia-cuda-runtime", "13.0.96", False),
        ("nvidia-nvjitlink", "12.9.1", True),
        # That of CUDA 13: it counts by itself.
        ("nvidia-cufft", "12.0.0.61", True),
        ("nvidia-cuda-runtime", "0.0.1", True),
        *((f"cupy-cuda11{minor}", "1.0", False) for minor in "27"),
    ],
)
def test_cuda_13_is_told_by_versions_and_older_ones_by_names(
    tmp_path: Path,
    name: str,
    version: str,
    is_well: bool,  # noqa: FBT001
) -> None:
    torch(tmp_path)
    install(tmp_path, name, version)
    assert all(well for well, _ in told(tmp_path).values()) is is_well


@pytest.mark.parametrize("local", ["custom", "cuda12.4", "cu", "cu1", "cu12345", "cpus", "xpux"])
def test_a_local_version_of_another_kind_says_nothing(tmp_path: Path, local: str) -> None:
    torch(tmp_path)
    install(tmp_path, "torchvision", f"0.20.1+{local}")
    assert told(tmp_path).keys() == {"torch"}

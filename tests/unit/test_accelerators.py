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

"""A wheel of no code that requires exactly some pins."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import version as version_of

import tomlkit
from uv import find_uv_bin

from stackproof.base.process import ask
from stackproof.base.temporary import temporary_folder
from stackproof.errors import CannotJudgeError

__all__ = ["meta_wheel"]

_SECONDS = 60


def meta_wheel(
    name: str, version: str, pins: Mapping[str, str], *, python: str, environ: Mapping[str, str]
) -> tuple[str, bytes]:
    """Return file name and content of a wheel for a minor version of Python.

    uv has its own back end within itself, so nothing is fetched. Raises CannotJudgeError if uv
    builds none.
    """
    project = {
        "name": name,
        "version": version,
        "description": f"{len(pins)} distributions that were proved together",
        "requires-python": f"=={python}.*",
        "dependencies": [f"{pin}=={pinned}" for pin, pinned in pins.items()],
    }
    backend = f"uv_build=={version_of('uv')}"
    described = {
        "build-system": {"requires": [backend], "build-backend": "uv_build"},
        "project": project,
        "tool": {"uv": {"build-backend": {"module-name": []}}},
    }
    with temporary_folder("wheel") as folder:
        (folder / "pyproject.toml").write_text(tomlkit.dumps(described), encoding="utf-8")
        built = folder / "built"
        command = [find_uv_bin(), "build", "--quiet", "--wheel", "--out-dir", str(built)]
        said = ask([*command, str(folder)], env=environ, limit=_SECONDS)
        wheels = list(built.glob("*.whl"))
        if said.exit != 0 or len(wheels) != 1:
            raise CannotJudgeError(f"uv built no wheel of the pins: {said.errors}")
        return wheels[0].name, wheels[0].read_bytes()

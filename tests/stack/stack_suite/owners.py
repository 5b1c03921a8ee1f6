"""Find out whose file a module is loaded from, where two distributions bring one of its name.

Such as python-slugify's `slugify/__init__.py` and slugify's `slugify.py`: no file is written over,
and a package comes before a module, so that the latter is never loaded.
"""

from __future__ import annotations

import inspect
import os
from importlib import metadata
from typing import TYPE_CHECKING

from stack_suite.modules import places_of_the_stack
from stack_suite.plan import normal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from stack_suite.plan import Pin

_PACKAGE = "__init__"


def shadowed(pin: Pin, files: Mapping[str, str | None]) -> Iterator[str]:
    """Yield what is wrong with each module of a pin that another distribution's file stands for.

    `files` says which file each module of the pin is loaded from. A module that the pin does not
    bring itself is none of its own to lose, and neither is one that Python or nobody's file stands
    for: a backport, or what an editable installation finds elsewhere.
    """
    distribution = next(_installed(pin.name), None)
    if distribution is None:
        return
    own = {module: _files_of(distribution, module) for module in files}
    lost = {
        module: file
        for module, file in files.items()
        if file is not None and own[module] and os.path.realpath(file) not in own[module]
    }
    keeps_one = any(own[module] for module in files if module not in lost)
    for module, file in lost.items():
        for other in _installed():
            theirs = _files_of(other, module).get(os.path.realpath(file))
            if theirs is None:
                continue
            # pytest brings a `py.py` for those who have no py: it leaves the name to its owner.
            leaves_it = keeps_one and not pin.imports and normal(other.name) == normal(module)
            if not leaves_it:
                yield (
                    f"{module} is loaded from site-packages/{theirs}, which {_called(other)} owns; "
                    f"site-packages/{next(iter(own[module].values()))} of {_called(distribution)} "
                    "is never loaded"
                )
            break


def _installed(name: str | None = None) -> Iterator[metadata.Distribution]:
    yield from metadata.distributions(name=name, path=places_of_the_stack())


def _files_of(distribution: metadata.Distribution, module: str) -> dict[str, str]:
    """Return where a distribution's own files of a module lie, and their names in its record."""
    return {
        os.path.realpath(str(file.locate())): str(file)
        for file in distribution.files or ()
        if _module_of(file.parts) == module
    }


def _module_of(parts: Sequence[str]) -> str | None:
    """Return the name by which a file of a record is imported; None for what is no module."""
    stem = inspect.getmodulename(parts[-1])
    if stem is None or ".." in parts:
        return None
    return ".".join(parts[:-1] if stem == _PACKAGE else (*parts[:-1], stem))


def _called(distribution: metadata.Distribution) -> str:
    return f"{distribution.name} {distribution.version}"

"""The suite with workloads that others bring: a repository's own, and those of distributions.

All that runs in an environment lies in one folder: test tools serve what is below it, and no path
of a repository, which may hold anything, is an argument of pytest. So what is brought is copied
beside what is shipped, into a folder of the user's cache that is named by its content.
"""

from __future__ import annotations

import configparser
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

from filelock import FileLock
from platformdirs import user_cache_path

from stackproof.base.json_text import fingerprint
from stackproof.base.keeping import keep_newest
from stackproof.evidence.layout import Project, contents
from stackproof.installers.environment import Environment, distributions

__all__ = ["assembled_suite", "brought_workloads", "workload_folders"]

_GROUP = "stackproof.workloads"
_PASSED_OVER = ("__pycache__", ".*")
#: Suites of other days; another run may still be using one of the newest.
_KEPT = 8


def workload_folders(project: Project) -> dict[str, Path]:
    """Return the folders of a project's own workloads, by their names within the suite."""
    there = (folder for folder in project.workloads if folder.is_dir())
    return {f"own_{number}": folder for number, folder in enumerate(there, start=1)}


def brought_workloads(environment: Environment) -> dict[str, Path]:
    """Return the folders of workloads that installed distributions bring, by name likewise.

    An entry point of the group `stackproof.workloads` names a package by its import name; nothing
    of it is imported (PyPA specification, "Entry points").
    """
    found: dict[str, Path] = {}
    for library in environment.libraries:
        for metadata, name, _ in distributions(library):
            for package in _entry_points(metadata / "entry_points.txt"):
                folder = library.joinpath(*package.split("."))
                if folder.is_dir():
                    found[f"of_{name.replace('-', '_')}_{package.replace('.', '_')}"] = folder
    return dict(sorted(found.items()))


def _entry_points(file: Path) -> Iterator[str]:
    parser = configparser.ConfigParser(delimiters=("=",), interpolation=None)
    try:
        parser.read_string(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, configparser.Error):
        return
    if parser.has_section(_GROUP):
        yield from (value.partition("[")[0].strip() for _, value in parser.items(_GROUP))


def assembled_suite(suite: Path, folders: Mapping[str, Path]) -> Path:
    """Return a folder that holds the suite and further folders of workloads; the suite if none."""
    if not folders:
        return suite
    parts = {name: contents(folder) for name, folder in folders.items()}
    store = user_cache_path("stackproof") / "suites"
    home = store / fingerprint({"": contents(suite), **parts})[:32]
    store.mkdir(parents=True, exist_ok=True)
    with FileLock(store / ".lock"):
        if not home.exists():
            aside = store / "aside"
            shutil.rmtree(aside, ignore_errors=True)  # of a run that was killed
            ignore = shutil.ignore_patterns(*_PASSED_OVER)
            shutil.copytree(suite, aside, ignore=ignore)
            for name, folder in folders.items():
                shutil.copytree(folder, aside / "workloads" / name, ignore=ignore)
                # Two files of workloads may have the same name in two packages. What a package
                # does besides holding them is none of the suite's business.
                (aside / "workloads" / name / "__init__.py").write_text("", encoding="utf-8")
            aside.rename(home)
        home.touch()
        keep_newest((path for path in store.glob("[0-9a-f]*") if path.name != "aside"), _KEPT)
    return home

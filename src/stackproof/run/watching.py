"""Learn what each check loads of the stack: its processes tell it, and here is found whose it is.

Every Python of the environment that a check starts hears of it by a `.pth` file, which lies there
while the suite runs and does nothing for anybody else; see `stack_suite/watching.py`. It can be
imported by nobody, and adds no distribution.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from configparser import ConfigParser
from configparser import Error as ConfigError
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from stackproof.base.json_text import fingerprint
from stackproof.base.records import write_atomically
from stackproof.evidence.loaded import InstalledNames, Loaded, LoadedFile
from stackproof.evidence.records import CheckResult
from stackproof.index.core_metadata import CoreMetadata
from stackproof.installers.environment import Environment, distributions, metadata_of, rows_of
from stackproof.matrix.checks import CheckId

__all__ = ["PTH", "Watch", "installed_names", "watching"]

#: Where each start of Python begins to listen, if it is told to.
PTH = "_stackproof.pth"
_CODE = """\
try:
    with open(os.environ['STACKPROOF_WATCH'], encoding='utf-8') as file:
        text = file.read()
except OSError:
    pass
else:
    exec(compile(text, 'stackproof', 'exec'), {'__name__': 'watch'})
"""
_LINE = f"import os; 'STACKPROOF_WATCH' in os.environ and exec({_CODE!r}, {{'os': os}})\n"
_BEGIN = """
if TARGET in os.environ and not hasattr(sys, "_stackproof"):
    sys._stackproof = True  # where lib64 is a link to lib, Python reads its files twice
    Watcher(os.environ[TARGET], *{!r}).begin()
"""
_SOURCE = "stack_suite/watching.py"
_SCRIPTS = ("console_scripts", "gui_scripts")
#: What metadata lies in, and the share of it that is read where somebody lists what is installed.
_METADATA = (".dist-info", ".egg-info")
_MOST = 0.5
#: A library of the system's kind, which another distribution's may load past Python.
_NATIVE = re.compile(r"(?:.*/)?lib[^/]*\.so(?:\.\d+)*")


@dataclass(frozen=True, kw_only=True)
class Watch:
    """What processes told of themselves in `folder`, of an environment that holds `installed`."""

    environment: Environment
    installed: InstalledNames
    folder: Path

    @property
    def script(self) -> Path:
        """The file by which a process begins to listen."""
        return self.folder / "watch.py"

    def loaded(self, checks: Sequence[CheckResult]) -> LoadedFile:
        """Return what the checks loaded, those of the suite that told of it."""
        found = {check.id: self._of(check) for check in checks}
        return LoadedFile(
            installed=self.installed,
            checks={check: loaded for check, loaded in found.items() if loaded is not None},
        )

    def _of(self, check: CheckResult) -> Loaded | None:
        files = [self.folder / name for name in _processes(check)]
        if not files or not all(file.exists() for file in files):
            return None
        lines = {
            line
            for file in files
            for line in file.read_text(encoding="utf-8", errors="replace").splitlines()
        }
        told: dict[str, set[str]] = {"file": set(), "module": set(), "unseen": set()}
        for line in lines:
            kind, _, what = line.partition(" ")
            told.setdefault(kind, set()).add(what)
        records = {key for key in told["file"] if key.endswith(_METADATA)}
        listed = len(records) > len(self.installed.files) * _MOST
        opened = told["file"] - records if listed else told["file"]
        owned = {owner for key in opened for owner in self._owners.get(key, ())}
        return Loaded(
            distributions=tuple(sorted(owned | self._beneath(owned))),
            missing=tuple(sorted(told["module"] - self.installed.modules)),
            entry_points="entry-points" in told,
            listed=listed,
            unseen=tuple(sorted(told["unseen"])),
        )

    @cached_property
    def _owners(self) -> Mapping[str, Sequence[str]]:
        owners: dict[str, list[str]] = {}
        for name, keys in self.installed.files.items():
            for key in keys:
                owners.setdefault(key, []).append(name)
        for folder, name, _ in self._distributions:
            owners.setdefault(folder.name, []).append(name)
        return owners

    @cached_property
    def _distributions(self) -> Sequence[tuple[Path, str, str]]:
        return [item for place in self.environment.libraries for item in distributions(place)]

    def _beneath(self, owned: set[str]) -> set[str]:
        """Return those that only hold libraries, and that some of these require: nobody opens them.

        The system's loader does, when a module of Python's is loaded that needs them.
        """
        found: set[str] = set()
        left = [*owned]
        while left:
            more = self._natives_required.get(left.pop(), frozenset()) - found - owned
            found |= more
            left += more
        return found

    @cached_property
    def _natives_required(self) -> Mapping[str, frozenset[str]]:
        """The distributions that only hold libraries, by who requires some of them."""
        native = {name for folder, name, _ in self._distributions if _is_native(folder / "RECORD")}
        if not native:
            return {}
        required = {
            name: native & {other for other, _ in CoreMetadata.parse(metadata_of(folder)).parsed}
            for folder, name, _ in self._distributions
        }
        return {name: frozenset(natives) for name, natives in required.items() if natives}


@contextmanager
def watching(
    environment: Environment, suite: Path, folder: Path, byte_code: Path | None
) -> Iterator[Watch]:
    """Have all that is started in an environment tell what it loads, in a folder of the run's own.

    `suite` is where the suite lies. Raises OSError if the environment cannot be written to.
    """
    folder.mkdir(parents=True)
    paths = _paths(environment)
    watch = Watch(environment=environment, installed=_names(environment, paths), folder=folder)
    places = [
        place
        for library in environment.libraries
        for path in {library, library.resolve()}
        for place in (path, *([byte_code / path.relative_to(path.anchor)] if byte_code else ()))
    ]
    scripts = {environment.python.parent, environment.root.resolve() / "bin"}
    arguments = (
        tuple(f"{place}/" for place in places),
        _shared_tops(paths),
        tuple(f"{place}/" for place in scripts),
        PTH,
    )
    source = (suite / _SOURCE).read_text(encoding="utf-8")
    write_atomically(watch.script, f"{source}\n{_BEGIN.format(arguments)}")
    pth = environment.libraries[0] / PTH
    pth.write_text(_LINE, encoding="utf-8")
    try:
        yield watch
    finally:
        pth.unlink(missing_ok=True)


def installed_names(environment: Environment) -> InstalledNames:
    """Return by what the distributions of an environment are found."""
    return _names(environment, _paths(environment))


def _names(environment: Environment, paths: Mapping[str, Collection[str]]) -> InstalledNames:
    shared = _shared_tops(paths)
    return InstalledNames(
        files={name: tuple(sorted(_keys(every, shared))) for name, every in paths.items()},
        entry_points={
            name: digest
            for library in environment.libraries
            for folder, name, _ in distributions(library)
            if (digest := _entry_points(folder / "entry_points.txt"))
        },
    )


def _paths(environment: Environment) -> dict[str, list[str]]:
    """Return the installed files of each distribution, as its RECORD has them."""
    return {
        name: [row[0] for row in rows_of(folder / "RECORD") if row]
        for library in environment.libraries
        for folder, name, _ in distributions(library)
    }


def _shared_tops(paths: Mapping[str, Collection[str]]) -> frozenset[str]:
    """Return the folders at the top of a library that several distributions have files in."""
    found = Counter(
        top
        for every in paths.values()
        for top in {top for top, slash, _ in (path.partition("/") for path in every) if slash}
    )
    return frozenset(top for top, number in found.items() if number > 1 and top != "..")


def _keys(paths: Collection[str], shared: Collection[str]) -> set[str]:
    """Return the keys of a distribution's files, as `stack_suite.watching` tells them."""
    found: set[str] = set()
    for path in paths:
        top, slash, _ = path.partition("/")
        if path.startswith("../"):
            folder, _, name = path.rpartition("/")
            found |= {f"bin/{name}"} if folder.endswith("/bin") else set()
        elif top.endswith(_METADATA) or top == "__pycache__":
            continue
        elif not slash or top not in shared:
            found.add(top)
        elif "__pycache__" not in path:
            found.add(path.rpartition("/")[0])
    return found


def _entry_points(file: Path) -> str | None:
    """Return a digest of the entry points that are no scripts, None where there are none."""
    parser = ConfigParser(delimiters=("=",), interpolation=None, strict=False)
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # names have cases
    try:
        parser.read_string(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError, ConfigError):
        return "unreadable"
    groups = {
        group: sorted(parser.items(group))
        for group in parser.sections()
        if group not in _SCRIPTS and parser.items(group)
    }
    return fingerprint(groups)[:16] if groups else None


def _is_native(record: Path) -> bool:
    """Tell whether a distribution holds libraries, and no module with anything in it."""
    rows = [row for row in rows_of(record) if row]
    modules = (row for row in rows if row[0].endswith(".py") and row[-1] not in ("", "0"))
    return any(_NATIVE.fullmatch(row[0]) for row in rows) and not any(
        not row[0].endswith("__init__.py") for row in modules
    )


def _processes(check: CheckResult) -> list[str]:
    """Return what the files are called that a check's processes tell in."""
    asked = CheckId.parse(check.id)
    if asked.kind == "smoke":
        return [f"smoke-{asked.subject}"]
    if asked == CheckId("import"):
        return [f"import-{order}-order-sandbox" for order in ("documented", "reverse")]
    if asked.kind == "import":
        return [f"import-{module}-sandbox" for module in check.modules or ()]
    return []

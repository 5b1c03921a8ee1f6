"""Tell what the processes of a check load of the stack, as they load it.

This text is executed at the start of every Python that a check starts, in a namespace of its own,
and so imports nothing but what each has loaded by then. What it hears of comes by audit hooks (PEP
578): files that are opened, modules that are looked for, and processes that are started. Each new
thing is told at once, a line each, since a process may be killed:

- `file KEY`: of the installed files, by the folder or module at the top of a library (`numpy`,
  `six.py`), by the folder where several distributions have one in common (`google/cloud`), or by
  the name of a script (`bin/flask`);
- `module NAME`: a top-level module that was looked for, whether or not it is there;
- `entry-points`: some distribution was asked for its entry points, and so may all have been;
- `unseen WHAT`: something went on of which nothing can be heard.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

#: The variable that names the file in which a process tells.
TARGET = "STACKPROOF_LOADED"


class Watcher:
    """Tells in the file `target`, each thing once.

    `places` are the libraries, and `scripts` where scripts are, all ending with a slash. Folders of
    `shared` belong to several distributions; `own` is the file that brought us here. What it calls
    is kept: a stack may put something else in its place.
    """

    def __init__(
        self,
        target: str,
        places: tuple[str, ...],
        shared: frozenset[str],
        scripts: tuple[str, ...],
        own: str,
    ) -> None:
        self.target, self.places, self.shared = target, places, shared
        self.scripts, self.own = scripts, own
        self.told: set[str] = set()
        self.pending: list[bytes] = []
        self.standard: frozenset[str] = getattr(sys, "stdlib_module_names", frozenset())
        self.open, self.write, self.close = os.open, os.write, os.close
        self.decode = os.fsdecode
        self.heard: dict[str, Any] = {
            "open": self.opened,
            "import": self.imported,
            "ctypes.dlopen": self.opened,
            "os.unsetenv": self.unset,
            "subprocess.Popen": lambda args: self.started(args[0], args[3]),
            "os.exec": lambda args: self.started(args[0], args[2]),
            "os.posix_spawn": lambda args: self.started(args[0], args[2]),
        }

    def begin(self) -> None:
        """Tell what Python loaded before us, then listen."""
        self.tell("begun")
        for place in self.places:
            try:
                names = os.listdir(place)  # noqa: PTH208 - pathlib would have to be imported
            except OSError:
                continue
            for name in names:
                if name.endswith(".pth"):
                    self.note(place + name)
        for module in list(sys.modules.values()):
            file = getattr(module, "__dict__", {}).get("__file__")
            if isinstance(file, str):
                self.note(file)
        sys.addaudithook(self.hear)

    def hear(self, event: str, args: tuple[Any, ...]) -> None:
        """Hear of an event; whatever comes of that, it must go on."""
        told_of = self.heard.get(event)
        if told_of is not None:
            try:
                told_of(args)
            except Exception:  # noqa: BLE001 - what a hook raises ends what it listens to
                self.tell("unseen fault")

    def opened(self, args: tuple[Any, ...]) -> None:
        """Hear of a file, by its path or its open number."""
        path = args[0]
        if path is None or isinstance(path, int):
            return
        text = path if type(path) is str else self.decode(path)
        if text.startswith(self.places):
            self.note(text)

    def imported(self, args: tuple[Any, ...]) -> None:
        """Hear of a module that is looked for, or of the file of a compiled one."""
        name = str(args[0]).partition(".")[0]
        if name not in self.standard:
            self.tell(f"module {name}")
        self.opened(args[1:])

    def started(self, path: str | bytes, environ: dict[Any, Any] | None) -> None:
        """Hear of a process, which hears as we do if our variables reach it."""
        text = self.decode(path)
        for folder in self.scripts:
            if text.startswith(folder):
                self.tell(f"file bin/{text[len(folder) :]}")
        if environ is not None:
            names = tuple(environ)
            if TARGET not in names and TARGET.encode() not in names:
                self.tell(f"unseen {text.rpartition('/')[2]}")

    def unset(self, args: tuple[Any, ...]) -> None:
        """Hear that a process takes our variable from those that it will start."""
        if args[0] in (TARGET, TARGET.encode()):
            self.tell("unseen environment")

    def note(self, path: str) -> None:
        """Tell whose a path below a library is."""
        for place in self.places:
            if path.startswith(place):
                break
        else:
            return
        inside = path[len(place) :]
        top, slash, below = inside.partition("/")
        folder, _, name = inside.rpartition("/")
        if top.endswith((".dist-info", ".egg-info")):
            self.tell("entry-points" if below == "entry_points.txt" else f"file {top}")
        elif not slash or folder == "__pycache__":
            own = name.partition(".")[0] + ".py" if name.endswith(".pyc") else name
            if own != self.own:
                self.tell(f"file {own}")
        elif top in self.shared:
            self.tell(f"file {folder.removesuffix('/__pycache__')}")
        else:
            self.tell(f"file {top}")

    def tell(self, line: str) -> None:
        """Tell a line that was not told yet, with those that could not be before."""
        if line in self.told:
            return
        self.told.add(line)
        self.pending.append(f"{line}\n".encode("utf-8", "backslashreplace"))
        try:
            file = self.open(self.target, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        except OSError:  # as many files are open as may be: the next time, then
            return
        try:
            self.write(file, b"".join(self.pending))
            self.pending.clear()
        finally:
            self.close(file)

"""What each check loaded of the stack, as its processes told it."""

from __future__ import annotations

import pytest
from support.index import Index
from support.matrices import pin, stage
from support.wheels import Release
from support.workbench import TINY, Bench

from stackproof.evidence.loaded import InstalledNames, Loaded, LoadedFile
from stackproof.evidence.reports import InRun

EXTRA = "\n".join(
    [pin("extra", area="third"), stage("three", "extra", "beta", step="Install extra.")]
)


def loaded(bench: Bench, text: str = TINY) -> dict[str, Loaded]:
    _, evidence = bench.verify(bench.plan(text=text))
    file = evidence.folder / InRun.LOADED
    return LoadedFile.model_validate_json(file.read_text(encoding="utf-8")).checks


def workload(bench: Bench, body: str) -> None:
    bench.write(
        "tests/stack/workloads/test_added.py",
        "import pytest\n\n\n"
        '@pytest.mark.workload("added", needs=("alpha",), seconds=1, timeout=30)\n'
        f"def test_added():\n{body}",
    )


def test_each_check_tells_what_it_loaded(bench: Bench) -> None:
    found = loaded(bench)
    assert found["import:alpha"].distributions == ("alpha",)
    assert found["import:beta"].distributions == ("beta",)
    assert found["smoke:sum"].distributions == ("alpha",)
    assert found["import:*"].distributions == ("alpha", "beta")
    # What is compared only is asked of no process of its own.
    assert set(found) == {"import:alpha", "import:beta", "import:*", "smoke:sum"}


#: How a check may come by another distribution than by an import of its own.
WAYS = {
    "a child": (
        "    import subprocess, sys\n    subprocess.run([sys.executable, '-c', 'import gamma'])\n"
    ),
    "a child that is killed": (
        "    import subprocess, sys\n"
        "    code = 'import gamma, os, signal; os.kill(os.getpid(), signal.SIGKILL)'\n"
        "    subprocess.run([sys.executable, '-c', code])\n"
    ),
    "a child in isolated mode": (
        "    import subprocess, sys\n"
        "    subprocess.run([sys.executable, '-I', '-c', 'import gamma'])\n"
    ),
    "a fork": (
        "    import os\n    pid = os.fork()\n"
        "    if pid == 0:\n        import gamma\n        os._exit(0)\n    os.waitpid(pid, 0)\n"
    ),
    "a file": (
        "    import alpha, pathlib\n"
        "    folder = pathlib.Path(alpha.__file__).parents[1]\n"
        "    next(iter(folder.glob('gamma*/*.py')), folder / 'gamma.py').read_text()\n"
    ),
    "its metadata": ("    import importlib.metadata\n    importlib.metadata.metadata('gamma')\n"),
    "a thread": (
        "    import threading\n    t = threading.Thread(target=__import__, args=('gamma',))\n"
        "    t.start()\n    t.join()\n"
    ),
    "without room for a file": (
        "    import resource\n    limits = resource.getrlimit(resource.RLIMIT_NOFILE)\n"
        "    import gamma\n"
        "    resource.setrlimit(resource.RLIMIT_NOFILE, (3, limits[1]))\n"
        "    try:\n        open('/')\n    except OSError:\n        pass\n"
        "    resource.setrlimit(resource.RLIMIT_NOFILE, limits)\n"
    ),
}


@pytest.mark.parametrize("way", WAYS)
def test_whichever_way_it_is_loaded(bench: Bench, way: str) -> None:
    workload(bench, WAYS[way])
    found = loaded(bench)["smoke:added"]
    assert "gamma" in found.distributions
    assert "beta" not in found.distributions
    assert found.unseen == ()


@pytest.mark.parametrize(
    "body",
    [
        "    import subprocess, sys\n    subprocess.run([sys.executable, '-c', ''], env={})\n",
        "    import os, sys\n    os.environ.clear()\n    os.system('true')\n",
        "    import os, sys\n    os.waitpid(os.posix_spawn('/bin/true', ['true'], {}), 0)\n",
    ],
)
def test_what_nobody_can_hear_of_is_told(bench: Bench, body: str) -> None:
    workload(bench, body)
    assert loaded(bench)["smoke:added"].unseen != ()


def test_what_was_looked_for_in_vain_and_entry_points_are_told(bench: Bench, index: Index) -> None:
    code = (
        "import importlib.metadata\n"
        "try:\n    import faster_extra\nexcept ImportError:\n    pass\n"
        "importlib.metadata.entry_points()\n"
    )
    index.add(Release("extra", "1.0", modules={"extra.py": code}))
    found = loaded(bench, TINY + EXTRA)
    assert "faster_extra" in found["import:extra"].missing
    assert found["import:extra"].distributions == ("extra",)
    assert [name for name, loaded in found.items() if loaded.entry_points] == [
        "import:*",
        "import:extra",
    ]
    assert "faster_extra" not in found["import:alpha"].missing
    # Python itself looks for it at each start.
    assert found["import:alpha"].missing == ("sitecustomize",)


def test_libraries_that_the_system_loads_are_told_of_whoever_requires_them(
    bench: Bench, index: Index
) -> None:
    """The loader of the system opens them, past Python; one may require the next."""
    for name, requires in {"blas": ("threads",), "threads": ()}.items():
        modules = {f"{name}/__init__.py": "", f"{name}/lib/lib{name}.so.1": "no library"}
        index.add(Release(name, "1.0", requires=requires, modules=modules))
    index.add(Release("plain", "1.0", modules={"plain.py": "here = True", "libplain.so": ""}))
    index.add(Release("extra", "1.0", requires=("blas", "plain"), modules={"extra.py": ""}))
    found = loaded(bench, TINY + EXTRA)
    assert found["import:extra"].distributions == ("blas", "extra", "threads")
    assert found["import:alpha"].distributions == ("alpha",)


def test_nothing_is_left_in_the_environment(bench: Bench) -> None:
    workload(bench, "    import os\n    assert 'watch' not in globals()\n")
    verdict, _ = bench.verify(bench.plan())
    assert verdict.verdict == "ok"
    assert [*bench.root.rglob("_stackproof.pth")] == []


# --- which checks another stack can answer differently ----------------------------------------

BEFORE = {"alpha": "1.0", "beta": "1.0", "gamma": "1.0", "plug": "1.0"}
FILES = InstalledNames(
    files={
        "alpha": ("alpha", "bin/alpha"),
        "beta": ("beta.py",),
        "gamma": ("shared/gamma",),
        "plug": ("plug",),
    },
    entry_points={"plug": "a"},
)
RUN = LoadedFile(
    installed=FILES,
    checks={
        "import:alpha": Loaded(distributions=("alpha",)),
        "smoke:beta": Loaded(distributions=("alpha", "beta"), missing=("orjson",)),
        "smoke:plugs": Loaded(distributions=("alpha",), entry_points=True),
        "smoke:blind": Loaded(distributions=(), unseen=("java",)),
    },
)
EVERY = (*RUN.checks, "smoke:new")
#: What is always asked: of these it is not known what they load.
ALWAYS = ["smoke:blind", "smoke:new"]


def reached(after: dict[str, str], now: InstalledNames = FILES) -> list[str]:
    return RUN.reached(BEFORE, after, now, EVERY)


def files(**more: tuple[str, ...]) -> InstalledNames:
    return FILES.model_copy(update={"files": {**FILES.files, **more}})


def test_a_check_is_reached_by_what_it_loaded() -> None:
    assert reached(BEFORE) == ALWAYS
    assert reached({**BEFORE, "gamma": "2.0"}) == ALWAYS
    assert reached({**BEFORE, "beta": "2.0"}) == ["smoke:beta", *ALWAYS]
    assert reached({**BEFORE, "alpha": "2.0"}) == [*EVERY]
    gone = {name: at for name, at in BEFORE.items() if name != "beta"}
    assert reached(gone) == ["smoke:beta", *ALWAYS]


def test_a_check_is_reached_by_what_it_looked_for_and_by_entry_points() -> None:
    came = {**BEFORE, "orjson": "3.0"}
    assert reached(came, files(orjson=("orjson",))) == ["smoke:beta", *ALWAYS]
    assert reached({**BEFORE, "other": "3.0"}, files(other=("other",))) == ALWAYS
    moved = {**BEFORE, "plug": "2.0"}
    assert reached(moved) == ALWAYS
    other = FILES.model_copy(update={"entry_points": {"plug": "b"}})
    assert reached(moved, other) == ["smoke:plugs", *ALWAYS]


def test_a_check_that_lists_what_is_installed_is_reached_by_what_comes_or_goes() -> None:
    lists = RUN.model_copy(update={"checks": {"smoke:l": Loaded(distributions=(), listed=True)}})
    for after, found in (
        ({**BEFORE, "gamma": "2.0"}, []),
        ({**BEFORE, "other": "2.0"}, ["smoke:l"]),
        ({"alpha": "1.0"}, ["smoke:l"]),
    ):
        assert lists.reached(BEFORE, after, FILES, lists.checks) == found


def test_a_check_is_reached_by_what_comes_into_a_folder_of_another() -> None:
    now = files(gamma=("shared/gamma", "beta.py"))
    assert reached({**BEFORE, "gamma": "2.0"}, now) == ["smoke:beta", *ALWAYS]

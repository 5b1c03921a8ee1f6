"""Links between made-up distributions, seen by the real checker in wheels that nothing runs."""

from __future__ import annotations

import stat
import sys
from collections.abc import Iterator, Sequence
from datetime import datetime, timezone
from pathlib import Path

import pytest
from support.index import Index
from support.links_bench import LinksBench, checker_wheel, mark
from support.wheels import Release

from stackproof.evidence.links import Links
from stackproof.metadata.links.checker import Checked, CheckerError
from stackproof.metadata.links.pyrefly import Pyrefly

BORN = datetime(2024, 3, 1, tzinfo=timezone.utc)
LATER = datetime(2025, 3, 1, tzinfo=timezone.utc)
OLD_CLIENT = """\
class Client:
    def __init__(self, url, proxies=None):
        self.url = url

def quote(text):
    return text
"""
NEW_CLIENT = """\
class Client:
    def __init__(self, url):
        self.url = url
"""
#: The day of the code, and a later one on which its neighbour drops what it uses.
HTTP = (
    Release("http-lib", "1.0", modules={"http_lib/__init__.py": OLD_CLIENT}),
    Release("http-lib", "2.0", modules={"http_lib/__init__.py": NEW_CLIENT}, uploaded=LATER),
)


@pytest.fixture
def bench(tmp_path: Path, pytestconfig: pytest.Config) -> Iterator[LinksBench]:
    assert pytestconfig.cache is not None
    with Index(*HTTP) as index:
        index.add_wheels(checker_wheel(pytestconfig.cache.mkdir("test-tools")))
        yield LinksBench(root=tmp_path, index=index)


def app(code: str, *, requires: Sequence[str] = ("http-lib",), **more: str) -> Release:
    modules = {"app/__init__.py": code, **more}
    return Release("app", "1.0", requires=requires, modules=modules, uploaded=BORN)


def told(links: Links) -> list[tuple[str, int, str, str, str]]:
    return [
        (item.file, item.line, item.kind, item.target.name, item.state) for item in links.findings
    ]


def test_a_break_inside_a_function_is_named_with_both_days(bench: LinksBench) -> None:
    code = "import http_lib\n\ndef call():\n    return http_lib.Client('u', proxies=None)\n"
    bench.index.add(app(code))
    (finding,) = bench.look("app").suspects
    assert (finding.check, finding.kind, finding.runs) == ("link:app", "parameter", "call")
    assert (finding.target.distribution, finding.target.version) == ("http-lib", "2.0")
    assert finding.pins == ("app",)
    assert finding.sentence == (
        "app 1.0 passes 'proxies' to http_lib.Client.__init__ (app/__init__.py:4); http-lib 2.0 "
        "takes no such argument; http-lib 1.0, of the day of app 1.0, did"
    )
    assert finding.baseline is not None
    assert finding.baseline.version == "1.0"


def test_a_name_that_is_gone_breaks_at_import(bench: LinksBench) -> None:
    bench.index.add(app("from http_lib import quote\n"))
    (finding,) = bench.look("app").suspects
    assert (finding.kind, finding.target.name, finding.runs) == (
        "name",
        "http_lib.quote",
        "import",
    )


def test_a_module_that_went_with_its_distribution_is_told(bench: LinksBench) -> None:
    """No distribution of the stack has the module: that of its own day is named."""
    bench.index.add(
        Release("tools", "1.0", modules={"tools/__init__.py": "", "extra_api/__init__.py": ""}),
        Release("tools", "2.0", modules={"tools/__init__.py": ""}, uploaded=LATER),
        app("def call():\n    import extra_api\n", requires=["tools"]),
    )
    (finding,) = bench.look("app").suspects
    assert (finding.kind, finding.target.name) == ("module", "extra_api")
    assert (finding.target.distribution, finding.target.version) == ("tools", "2.0")


def test_an_argument_too_many_and_one_too_few(bench: LinksBench) -> None:
    new = "def one(a): ...\ndef two(a, *, b): ...\n"
    old = "def one(a, b=1): ...\ndef two(a, *, b=1): ...\n"
    bench.index.add(
        Release("calls", "1.0", modules={"calls.py": old}),
        Release("calls", "2.0", modules={"calls.py": new}, uploaded=LATER),
        app("import calls\n\ncalls.one(1, 2)\ncalls.two(1)\n", requires=["calls"]),
    )
    found = bench.look("app").suspects
    assert [(item.line, item.kind, item.target.name) for item in found] == [
        (3, "arity", "calls.one"),
        (4, "arity", "calls.two"),
    ]


def test_what_was_not_there_at_birth_either_is_old(bench: LinksBench) -> None:
    bench.index.add(app("import http_lib\n\ndef call():\n    return http_lib.nothing\n"))
    assert told(bench.look("app")) == [("app/__init__.py", 4, "name", "http_lib.nothing", "old")]


#: A module that makes some names when it is asked for them.
SERVING = "def __getattr__(name):\n    if name {0}:\n        return 1\n    raise AttributeError\n"
GUARDED = (
    """\
import http_lib

http_lib.quote = lambda text: text
http_lib.quote("a")
""",
    """\
import inspect
import http_lib

def call():
    if "proxies" in inspect.signature(http_lib.Client).parameters:
        return http_lib.Client("u", proxies=None)
""",
    """\
import http_lib

def call():
    if "quote" in dir(http_lib) or http_lib.__dict__.get("quote"):
        http_lib.quote("a")
""",
    """\
import http_lib

HAS_QUOTE = hasattr(http_lib, "quote")

def call():
    assert HAS_QUOTE
    http_lib.quote("a")
""",
    """\
try:
    from http_lib import quote
except ImportError:
    quote = None
""",
    """\
import http_lib
from app.installed import HTTP_VERSION

if HTTP_VERSION < "2":
    http_lib.quote("a")
""",
    """\
import http_lib

def old():
    http_lib.quote("a")

if hasattr(http_lib, "quote"):
    old()
""",
    """\
import contextlib

with contextlib.suppress(ImportError):
    from http_lib import quote
""",
    """\
from __future__ import annotations
import http_lib

def call(text: http_lib.quote) -> None: ...
""",
    """\
import http_lib

def call(text: "http_lib.quote") -> None: ...
""",
    """\
import http_lib

def call(version):
    if version > 1:
        return
    http_lib.quote("a")
""",
)


@pytest.mark.parametrize("code", GUARDED)
def test_code_that_is_ready_for_the_break_is_guarded(bench: LinksBench, code: str) -> None:
    bench.index.add(app(code, **{"app/installed.py": "HTTP_VERSION = '2'\n"}))
    assert {item.state for item in bench.look("app").findings} == {"guarded"}


@pytest.mark.parametrize(
    "module",
    [
        "def __getattr__(name):\n    return name\n",
        SERVING.format("in ('quote', 'other')"),
        SERVING.format("in FORMER"),
        "globals().update(quote=str)\n",
        "import sys\nsys.modules[__name__].quote = str\n",
        "from somewhere_else import *\n",
        "from http_lib.lazy import install_lazy_names\ninstall_lazy_names()\n",
        "from http_lib.lazy import serve\nserve({'quote': 'urllib.parse.quote'})\n",
    ],
)
def test_what_is_made_at_run_time_is_unknown_and_no_finding(bench: LinksBench, module: str) -> None:
    modules = {"http_lib/__init__.py": module, "http_lib/lazy.py": "NAMES = ['quote']\n"}
    bench.index.add(
        Release("http-lib", "3.0", modules=modules, uploaded=LATER),
        app("from http_lib import quote\n"),
    )
    assert bench.look("app").findings == ()


def test_a_name_that_is_written_nowhere_is_not_made_at_run_time(bench: LinksBench) -> None:
    """Also where the module has others by `setattr`, or by a star from compiled code."""
    making = "import sys\nfor name in ('one', 'other'):\n    setattr(sys, name, 1)\n"
    compiled = "http_lib/fast.cpython-311-x86_64-linux-gnu.so"
    modules = {
        "http_lib/__init__.py": f"{making}from http_lib.fast import *\n",
        compiled: "PyInit_fast",
    }
    bench.index.add(
        Release("http-lib", "3.0", modules=modules, uploaded=LATER),
        app("from http_lib import quote\n"),
    )
    (finding,) = bench.look("app").suspects
    assert (finding.target.name, finding.target.version) == ("http_lib.quote", "3.0")


@pytest.mark.parametrize("code", ["PyInit_fast quote", "PyInit_fast __pyx packed"])
def test_compiled_code_that_may_have_a_name_is_unknown(bench: LinksBench, code: str) -> None:
    modules = {
        "http_lib/__init__.py": "from http_lib.fast import *\n",
        "http_lib/fast.cpython-311-x86_64-linux-gnu.so": code,
    }
    bench.index.add(
        Release("http-lib", "3.0", modules=modules, uploaded=LATER),
        app("from http_lib import quote\n"),
    )
    assert bench.look("app").findings == ()


def test_what_a_required_distribution_has_a_word_for_may_be_made(bench: LinksBench) -> None:
    bench.index.add(
        Release("names-lib", "1.0", modules={"names_lib.py": "NAMES = {'quote': str}\n"}),
        Release(
            "http-lib",
            "3.0",
            requires=["names-lib"],
            modules={"http_lib/__init__.py": "import names_lib\nvars().update(names_lib.NAMES)\n"},
            uploaded=LATER,
        ),
        app("from http_lib import quote\n"),
    )
    assert bench.look("app").findings == ()


@pytest.mark.parametrize(
    "code",
    [
        "from http_lib import quote\n",
        "from http_lib import (\n    # one )\n    other as quote_,\n    quote,\n)\n",
        "from http_lib import other, \\\r\n    quote\r\n",
        "from http_lib import \\\n    (other,\n    quote)\n",
    ],
    ids=["line", "comment", "windows", "continued"],
)
def test_a_module_that_serves_other_names_has_not_this(bench: LinksBench, code: str) -> None:
    modules = {"http_lib/__init__.py": SERVING.format("== 'other'")}
    bench.index.add(
        Release("http-lib", "3.0", modules=modules, uploaded=LATER),
        app(code),
    )
    (finding,) = bench.look("app").suspects
    line = code[: code.rindex("quote")].count("\n") + 1
    assert (finding.target.name, finding.line) == ("http_lib.quote", line)


def test_a_star_takes_what_is_listed(bench: LinksBench) -> None:
    """What else the other module may make is no matter."""
    modules = {
        "http_lib/__init__.py": "from http_lib.names import *\n",
        "http_lib/names.py": "__all__ = ['other']\nglobals()['other'] = 1\n",
    }
    bench.index.add(
        Release("http-lib", "3.0", modules=modules, uploaded=LATER),
        app("from http_lib import quote\n"),
    )
    (finding,) = bench.look("app").suspects
    assert (finding.target.name, finding.target.version) == ("http_lib.quote", "3.0")


def test_only_a_missing_module_is_trapped_by_its_own_error(bench: LinksBench) -> None:
    """A module that lacks a name is found: the import of the name raises another error."""
    bench.index.add(
        app("try:\n    from http_lib import quote\nexcept ModuleNotFoundError:\n    pass\n")
    )
    assert [item.state for item in bench.look("app").findings] == ["new"]


def test_tests_examples_and_vendored_copies_are_left_out(bench: LinksBench) -> None:
    use = "from http_lib import quote\n"
    bench.index.add(
        app(
            "",
            **{
                "app/tests/test_it.py": use,
                "app/examples/one.py": use,
                "app/_vendor/copy.py": use,
            },
        )
    )
    assert bench.look("app").findings == ()


def test_only_what_a_pin_reaches_counts(bench: LinksBench) -> None:
    bench.index.add(
        Release(
            "between",
            "1.0",
            requires=["http-lib"],
            modules={
                "between/__init__.py": "",
                "between/used.py": "from http_lib import quote\n",
                "between/unused.py": "from http_lib import quote\n",
            },
            uploaded=BORN,
        ),
        app("def call():\n    from between import used\n", requires=["between"]),
    )
    (finding,) = bench.look("app").suspects
    assert (finding.file, finding.distribution) == ("between/used.py", "between")
    assert (finding.pins, finding.runs) == (("app",), "call")


def test_nothing_is_imported_and_nothing_is_built(bench: LinksBench, tmp_path: Path) -> None:
    """Each would leave a mark; what has no wheel is named as not read."""
    marks = tmp_path / "marks"
    marks.mkdir()
    code = mark(marks / "imported") + "import http_lib\n\ndef f():\n    http_lib.quote('a')\n"
    start = {"app_start.pth": mark(marks / "started")}
    bench.index.add(
        Release(
            "sourced",
            "1.0",
            form="sdist",
            build_code=mark(marks / "built"),
            modules={"sourced.py": mark(marks / "imported-too")},
        ),
        app(code, **start),
    )
    found = bench.look("app")
    assert [item.line for item in found.suspects] == [5]
    assert list(marks.iterdir()) == []
    with_source = bench.unpacked({"app": "1.0", "sourced": "1.0", "http-lib": "2.0"})
    assert with_source.lacking == {"sourced": "1.0"}
    assert list(marks.iterdir()) == []


def test_plain_sources_are_read_without_a_build(bench: LinksBench, tmp_path: Path) -> None:
    """Those of the code, of its neighbour today, and of its neighbour on its day."""
    built = mark(tmp_path / "built")
    code = "import old_lib\n\ndef f():\n    old_lib.quote('a')\n    import old_lib.made\n"
    bench.index.add(
        Release(
            "old-lib",
            "1.0",
            form="plain-sdist",
            build_code=built,
            modules={"old_lib/__init__.py": OLD_CLIENT},
        ),
        Release(
            "old-lib",
            "2.0",
            form="plain-sdist",
            build_code=built,
            modules={"old_lib/__init__.py": NEW_CLIENT},
            uploaded=LATER,
        ),
        Release(
            "user",
            "1.0",
            form="plain-sdist",
            build_code=built,
            modules={"user.py": code},
            uploaded=BORN,
        ),
    )
    found = bench.look_at({"user": "1.0", "old-lib": "2.0"})
    (finding,) = found.suspects
    assert (finding.file, finding.line, finding.target.name) == ("user.py", 4, "old_lib.quote")
    assert finding.baseline is not None
    assert finding.baseline.version == "1.0"
    assert found.notes == ()
    assert not (tmp_path / "built").exists()


@pytest.mark.parametrize(
    "modules", [{"user.py": "import http_lib\n", "fast.c": "int x;"}, {"other.py": ""}]
)
def test_sources_that_a_build_would_change_are_not_read(
    bench: LinksBench, modules: dict[str, str]
) -> None:
    bench.index.add(Release("user", "1.0", form="plain-sdist", modules=modules, uploaded=BORN))
    found = bench.look_at({"user": "1.0", "http-lib": "2.0"})
    assert found.notes == ("not read, for want of a wheel, or plain sources: user 1.0",)
    assert found.read == {"http-lib": "2.0"}


def test_what_cannot_be_read_is_passed_over(bench: LinksBench) -> None:
    use = "import http_lib\n\ndef call():\n    http_lib.quote('a')\n"
    bench.index.add(
        app(
            "from app import one\n" + use,
            **{
                "app/syntax.py": "def broken(:\n",
                "app/two.py": "print 'hello'\nimport http_lib\nhttp_lib.quote('a')\n",
                "app/one.py": "from app import other\n",
                "app/other.py": "from app import one\nfrom http_lib import *\n",
                "app/huge.py": "x = 1  # " + "x" * 10_000_000 + "\n",
                "app/null.py": "x = '\0'\n",
                "app/deep.py": "x = " + "(" * 5000 + ")" * 5000 + "\n",
            },
        )
    )
    found = bench.look("app")
    assert [(item.file, item.line) for item in found.suspects] == [("app/__init__.py", 5)]
    assert "not read, for their syntax: app/two.py" in found.notes


WRITES = "import sys; open(sys.argv[sys.argv.index('--output') + 1], 'w').write({0!r})"


class _Broken:
    """A checker that crashes over the code of some distribution."""

    title = "broken 1"

    def check(self, library: Path, files: Sequence[str], python: str) -> Checked:  # noqa: ARG002
        if any(file.startswith("app/") for file in files):
            raise CheckerError("broken 1 was killed by SIGSEGV")
        return Checked(seen=(), unread=())


def test_a_checker_that_crashes_is_a_note_and_no_verdict(bench: LinksBench) -> None:
    bench.index.add(app("from http_lib import quote\n"))
    found = bench.look("app", checker=_Broken())
    assert found.findings == ()
    assert found.notes == ("app 1.0 was not checked: broken 1 was killed by SIGSEGV",)
    assert found.checked == ()


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("import time; time.sleep(60)", "did not end within its time limit"),
        ("import os; os.abort()", "was killed by SIGABRT"),
        ("raise SystemExit(3)", "ended with exit code 3"),
        ("pass", "said what is not understood"),
        (WRITES.format("[1]"), "said what is not understood"),
        (WRITES.format('{"errors": [{"name": "missing-import"}]}'), "said what is not understood"),
    ],
)
def test_whatever_a_program_does_is_an_error_in_words(
    tmp_path: Path, script: str, words: str
) -> None:
    program = tmp_path / "checker"
    program.write_text(f"#!{sys.executable}\n{script}\n", encoding="utf-8")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    (tmp_path / "one.py").write_text("", encoding="utf-8")
    with pytest.raises(CheckerError, match=words):
        Pyrefly(program=program, limit=1).check(tmp_path, ["one.py"], "3.11")


def test_one_pin_moved_leaves_the_others_remembered(bench: LinksBench) -> None:
    bench.index.add(
        app("import http_lib\n"),
        Release("apart", "1.0", requires=["base"], modules={"apart.py": "import base\n"}),
        Release("base", "1.0"),
    )
    first = bench.look("app", "apart", "http-lib==1.0")
    assert all(item.seconds > 0 for item in first.checked)
    again = bench.look("app", "apart", "http-lib==2.0")
    assert {item.name: item.seconds > 0 for item in again.checked} == {
        "app": True,
        "apart": False,
    }
    assert {item.seconds for item in bench.look("app", "apart", "http-lib==2.0").checked} == {0}

"""Single resolutions of real uv: what of an index they must have seen, and how long they stand."""

from __future__ import annotations

import os
import sysconfig
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from support.index import Index
from support.matrices import PYTHON
from support.sandbox import hermetic_environ
from support.wheels import Release

from stackproof.base.memory import Memory
from stackproof.index.client import IndexClient
from stackproof.index.target import Target
from stackproof.installers.resolver import Refused, Resolver, Wanted
from stackproof.installers.uv import installer

LONG_AGO = datetime(2025, 6, 1, tzinfo=timezone.utc)
EARLIER = datetime(2025, 5, 1, tzinfo=timezone.utc)

Ask = Callable[..., str | None]


@pytest.fixture
def index() -> Iterator[Index]:
    with Index(Release("alpha", "1.0")) as served:
        yield served


@pytest.fixture
def environ(tmp_path: Path, index: Index) -> dict[str, str]:
    """Return the variables of a user who configures nothing; uv reads what files there are."""
    made = hermetic_environ(tmp_path / "home", index.url)
    del made["UV_NO_CONFIG"], made["UV_DEFAULT_INDEX"]
    return made


@pytest.fixture
def ask(tmp_path: Path, index: Index, environ: dict[str, str]) -> Ask:
    """Return what asks for a version of alpha as a new session would; None is a refusal."""

    def asked(text: str, as_of: datetime | None = LONG_AGO) -> str | None:
        with IndexClient(tmp_path / "cache") as client:
            resolver = Resolver(client=client, index=index.url, environ=environ)
            wanted = Wanted(requirements=(text,), python=PYTHON, preferences={}, as_of=as_of)
            answer = resolver.resolve(wanted)
        return None if isinstance(answer, Refused) else answer["alpha"].version

    return asked


def configure(environ: dict[str, str], index: Index, more: str = "") -> None:
    """Let the user's own file of uv's name the index."""
    file = Path(environ["HOME"]) / ".config" / "uv" / "uv.toml"
    file.parent.mkdir(parents=True)
    text = f'[[index]]\nurl = "{index.url}"\ndefault = true\n{more}\n'
    file.write_text(text, encoding="utf-8")


@pytest.fixture
def public(monkeypatch: pytest.MonkeyPatch, index: Index, environ: dict[str, str]) -> None:
    """Let the index stand for the public one, which says how long its pages are fresh."""
    index.cache_control = "max-age=600"
    environ["UV_DEFAULT_INDEX"] = index.url
    monkeypatch.setattr(installer, "public_index", lambda: index.url)


def test_an_index_of_one_s_own_shows_a_release_at_once(
    index: Index, environ: dict[str, str], ask: Ask
) -> None:
    configure(environ, index)
    assert [ask("alpha"), ask("alpha!=0.1")] == ["1.0", "1.0"]
    index.add(Release("alpha", "1.1", uploaded=EARLIER))
    assert ask("alpha!=0.2") == "1.1"


def test_a_refusal_under_a_cut_off_takes_an_index_that_was_asked(
    index: Index, environ: dict[str, str], ask: Ask
) -> None:
    configure(environ, index, 'cache-control = { api = "max-age=600" }')
    assert [ask("alpha"), ask("alpha!=0.1")] == ["1.0", "1.0"]
    index.add(Release("alpha", "1.1", uploaded=EARLIER))
    assert ask("alpha!=0.2") == "1.0"  # as the user wants it
    assert ask("alpha==1.1") == "1.1"


@pytest.mark.usefixtures("public")
def test_a_page_that_is_younger_than_the_cut_off_refuses_without_being_asked_for(
    index: Index, ask: Ask
) -> None:
    assert [ask("alpha"), ask("alpha!=0.1")] == ["1.0", "1.0"]
    index.forget()
    assert ask("alpha==1.1") is None
    # We ask whether the page is one; uv does not.
    assert index.requests["simple/alpha/"] == 1
    moment = datetime.now(timezone.utc) - timedelta(seconds=1)
    index.add(Release("alpha", "1.2", uploaded=moment - timedelta(seconds=1)))
    assert ask("alpha==1.2", moment) == "1.2"


def test_an_answer_from_pages_older_than_the_cut_off_stands_no_longer_than_they_do(
    index: Index, environ: dict[str, str], ask: Ask, tmp_path: Path
) -> None:
    configure(environ, index)
    moment = datetime.now(timezone.utc)
    assert [ask("alpha", moment), ask("alpha", LONG_AGO)] == ["1.0", "1.0"]
    index.add(Release("alpha", "1.1", uploaded=EARLIER))
    an_hour_ago = moment.timestamp() - 3600
    for kept in (tmp_path / "cache").rglob("*.json"):
        os.utime(kept, (an_hour_ago, an_hour_ago))
    assert [ask("alpha", moment), ask("alpha", LONG_AGO)] == ["1.1", "1.0"]


@pytest.mark.parametrize(
    ("as_of", "lasts"),
    [
        (LONG_AGO, True),
        (None, False),
        (datetime.now(timezone.utc) + timedelta(days=1), False),
    ],
    ids=["past", "now", "future"],
)
def test_a_refusal_stands_where_no_release_can_come_any_more(
    index: Index, environ: dict[str, str], ask: Ask, as_of: datetime | None, *, lasts: bool
) -> None:
    configure(environ, index)
    assert ask("alpha==1.1", as_of) is None
    index.forget()
    assert ask("alpha==1.1", as_of) is None
    assert (index.requests["simple/alpha/"] == 0) is lasts


@pytest.mark.parametrize("source", ["UV_EXTRA_INDEX_URL", "UV_INDEX", "a file"])
def test_an_answer_does_not_stand_for_one_with_further_sources(
    index: Index, environ: dict[str, str], ask: Ask, source: str
) -> None:
    environ["UV_DEFAULT_INDEX"] = index.url
    assert ask("alpha==1.1") is None
    with Index(Release("alpha", "1.1")) as other:
        if source == "a file":
            configure(environ, other, f'[[index]]\nurl = "{other.url}"')
        else:
            environ[source] = other.url
        assert ask("alpha==1.1") == "1.1"


@pytest.mark.fault("R8.13")
def test_an_answer_for_one_platform_is_none_for_another(tmp_path: Path) -> None:
    """Machines of two kinds may share a home."""
    here = Memory(tmp_path)
    here.keep("resolution", ["alpha"], "1.0")
    found = here.recall("resolution", ["alpha"])
    assert found is not None
    assert found.value == "1.0"
    elsewhere = replace(here, platform="macosx_14_0_arm64")
    assert elsewhere.recall("resolution", ["alpha"]) is None


def test_a_python_before_3_8_takes_wheels_with_its_letter() -> None:
    for python, abi in {"3.7": "cp37m", "3.8": "cp38"}.items():
        of_python = f"cp{python.replace('.', '')}"
        best, *_ = Target(python, f"{python}.0").tags
        assert (best.interpreter, best.abi) == (of_python, abi)


@pytest.mark.fault("R8.20")
def test_the_python_that_runs_the_harness_decides_on_no_tag(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A row's Python is no debug build, and not free-threaded, because that of nox is."""
    usual = Target("3.13", "3.13.0").tags
    for variable in ("Py_DEBUG", "Py_GIL_DISABLED"):
        monkeypatch.setitem(sysconfig.get_config_vars(), variable, 1)
        assert Target("3.13", "3.13.0").tags == usual
    assert any(str(tag).startswith("cp313-cp313-") for tag in usual)
    assert not any("cp313d" in str(tag) or "cp313t" in str(tag) for tag in usual)


@pytest.mark.fault("A3")
def test_settings_of_python_change_no_metadata_that_is_built(
    index: Index, environ: dict[str, str], tmp_path: Path
) -> None:
    code = "import os\nif 'PYTHONOPTIMIZE' in os.environ: raise SystemExit('meddled with')\n"
    index.add(Release("extra", "1.0", form="sdist", build_code=code))
    environ |= {"UV_DEFAULT_INDEX": index.url, "UV_NO_CONFIG": "1", "PYTHONOPTIMIZE": "1"}
    with IndexClient(tmp_path / "cache") as client:
        resolver = Resolver(client=client, index=index.url, environ=environ)
        answer = resolver.resolve(Wanted(requirements=("extra",), python=PYTHON, preferences={}))
    assert not isinstance(answer, Refused)
    assert answer["extra"].version == "1.0"


@pytest.mark.usefixtures("public")
def test_a_session_asks_for_each_page_once_however_often_it_refuses(
    index: Index, environ: dict[str, str], tmp_path: Path
) -> None:
    """Also where what stands before the public index takes off how long its pages are fresh."""
    index.cache_control = "no-cache"
    index.add(Release("beta", "1.0", requires=["alpha>1"]), Release("gamma", "1.0"))
    with IndexClient(tmp_path / "cache") as client:
        resolver = Resolver(client=client, index=index.url, environ=environ)

        def ask(*requirements: str) -> bool:
            wanted = Wanted(requirements=requirements, python=PYTHON, preferences={})
            return isinstance(resolver.resolve(wanted), Refused)

        assert [ask("gamma"), ask("beta", "gamma")] == [False, True]
        index.forget()
        assert [ask("gamma", "alpha==1"), ask("beta", "gamma", "alpha==1")] == [False, True]
    # Of the one that was refused we ask whether the page is one.
    assert [path for path in index.requests if "alpha" not in path] == []


@pytest.mark.usefixtures("public")
def test_a_refusal_without_a_cut_off_sees_a_release_that_came_before_the_session(
    index: Index, ask: Ask
) -> None:
    assert ask("alpha", None) == "1.0"
    index.add(Release("alpha", "1.1"))
    assert ask("alpha!=0.1", None) == "1.0"  # its page counts as fresh
    assert [ask("alpha>1.2", None), ask("alpha>1.2", None)] == [None, None]
    assert ask("alpha==1.1", None) == "1.1"
    index.add(Release("alpha", "1.3"))
    assert ask("alpha>1.2", None) == "1.3"


def test_settings_of_uv_that_say_nothing_of_indexes_leave_pages_as_fresh_as_they_are(
    index: Index,
    environ: dict[str, str],
    public: None,  # noqa: ARG001 - as a mark it would not come before the folder
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    project = tmp_path / "project"
    project.mkdir()
    monkeypatch.chdir(project)
    of_uv = '[tool.uv]\ncache-keys = [{ file = "pyproject.toml" }]\n'
    (project / "pyproject.toml").write_text(of_uv, encoding="utf-8")
    assert installer.asks_public_index(environ)
    more = f'{of_uv}[[tool.uv.index]]\nurl = "{index.url}"\n'
    (project / "pyproject.toml").write_text(more, encoding="utf-8")
    assert not installer.asks_public_index(environ)

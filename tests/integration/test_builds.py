"""Builds from source: what was built for one set of conditions serves no other, and is told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path

import pytest
from support.index import Index
from support.matrices import PYTHON, matrix, pin, stage
from support.phones import Phone
from support.processes import is_running
from support.wheels import Release
from support.workbench import Bench, states, toml

from stackproof.base.public_index import public_index
from stackproof.base.times import timestamp
from stackproof.evidence.folder import Evidence
from stackproof.evidence.records import Built, StageRecord
from stackproof.evidence.verdict import judge
from stackproof.experiments.culprit import Culprit
from stackproof.index.client import IndexClient
from stackproof.installers.environment import Environment
from stackproof.installers.failures import cause
from stackproof.installers.planning import make_plan
from stackproof.installers.resolver import Refused, Resolver, Wanted
from stackproof.installers.uv import installer as uv
from stackproof.matrix.load import parse_matrix
from stackproof.matrix.plan import Plan
from stackproof.reasons.words import in_words

EARLIER, LATER = (datetime(2025, month, 1, tzinfo=timezone.utc) for month in (3, 4))
TURNED = datetime(2025, 3, 2, 10, tzinfo=timezone.utc)

#: What only an old build dependency can build.
PICKY = "import tool\nif tool.__version__ == '3.0':\n    raise SystemExit('tool has no old_api')\n"

SOURCES = (
    Release("tool", "1.0"),
    Release("tool", "3.0", uploaded=TURNED),
    Release("needy", "1.0", form="sdist", build_requires=["tool"], build_code=PICKY),
    Release("plainly", "1.0", form="sdist"),
)

MATRIX = matrix("Needy", pin("needy"), stage("one", "needy", step="Install needy."))


LIFETIMES = '{ api = "max-age=600", files = "max-age=365000000, immutable" }'


@pytest.fixture(autouse=True)
def sources(index: Index, bench: Bench) -> Iterator[None]:
    index.add(*SOURCES)
    # As the public index does, let files stand for good, or uv builds everything anew.
    text = f'[[index]]\nurl = "{index.url}"\ndefault = true\ncache-control = {LIFETIMES}\n'
    (bench.root / "uv.toml").write_text(text, encoding="utf-8")
    bench.environ["UV_CONFIG_FILE"] = str(bench.root / "uv.toml")
    del bench.environ["UV_DEFAULT_INDEX"]
    bench.environ["TMPDIR"] = str(bench.root / "tmp")
    (bench.root / "tmp").mkdir()
    yield
    # Whatever happened, nothing stays among the temporary files.
    assert [path.name for path in (bench.root / "tmp").iterdir()] == []


def planned(as_of: datetime | None = None, installer: str = "uv") -> Plan:
    matrix = parse_matrix(toml(MATRIX), file="needy.toml")
    return make_plan(matrix, name="needy", row="plain", installer=installer, as_of=as_of)


def install(
    bench: Bench, as_of: datetime | None, installer: str, **environ: str
) -> tuple[StageRecord, list[Built], list[str]]:
    """Run the one stage; return its record, what was built, and the notes."""
    bench.environ |= environ
    builder = bench.builder(planned(as_of, installer), bench.environment(installer))
    (record,) = builder.stages()
    return record, builder.built, builder.notes


@pytest.mark.fault("1")
@pytest.mark.parametrize("installer", ["uv", "pip"])
def test_what_was_built_as_of_one_date_serves_no_other(bench: Bench, installer: str) -> None:
    record, (built,), notes = install(bench, EARLIER, installer)
    assert (record.failure, built.name, built.requires) == (None, "needy", {"tool": "1.0"})
    assert (built.version, built.failed, built.earlier, notes) == ("1.0", False, None, [])
    assert built.log == record.log
    for as_of in (LATER, None):
        record, (built,), _ = install(bench, as_of, installer)
        assert (record.failure, built.failed, built.requires) == ("refused", True, {"tool": "3.0"})
        assert in_words(cause(record.message)) == (
            "needy 1.0 cannot be built: tool has no old_api (with tool 3.0)"
        )


@pytest.mark.parametrize("installer", ["uv", "pip"])
def test_what_was_built_as_of_a_date_serves_the_same_date_and_that_is_told(
    bench: Bench, installer: str
) -> None:
    install(bench, EARLIER, installer)
    record, (built,), (note,) = install(bench, EARLIER, installer)
    assert (record.failure, built.requires, built.failed) == (None, {"tool": "1.0"}, False)
    assert built.earlier is not None
    assert built.earlier < record.started
    assert note.startswith("stage one: needy 1.0 was built from source on this machine at ")
    assert note.endswith(", with tool 1.0")


def test_what_was_built_serves_where_a_mirror_takes_off_how_long_files_stand(
    bench: Bench, index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    del bench.environ["UV_CONFIG_FILE"]
    bench.environ["UV_DEFAULT_INDEX"] = index.url
    monkeypatch.setattr(uv, "public_index", lambda: index.url)
    earlier = [install(bench, EARLIER, "uv")[1][0].earlier for _ in range(2)]
    assert [moment is None for moment in earlier] == [True, False]


def test_files_of_the_public_index_stay_where_uv_keeps_them(bench: Bench) -> None:
    for name in ("UV_CONFIG_FILE", "UV_DEFAULT_INDEX"):
        bench.environ.pop(name, None)
    lasting = uv.UV.with_public_lifetimes(bench.environ)
    text = Path(lasting["UV_CONFIG_FILE"]).read_text(encoding="utf-8")
    # uv knows the public index by its very address, and has a place of its own for its files.
    assert f'url = "{public_index().rstrip("/")}"' in text


@pytest.mark.fault("1")
def test_what_a_resolution_built_serves_no_other_date(
    bench: Bench, index: Index, tmp_path: Path
) -> None:
    index.add(Release("wants", "1.0", requires=["needy"]))

    def refused(as_of: datetime | None) -> bool:
        wanted = Wanted(requirements=("wants",), python=PYTHON, preferences={}, as_of=as_of)
        with IndexClient(tmp_path / "cache") as client:
            resolver = Resolver(client=client, index=index.url, environ=bench.environ)
            return isinstance(resolver.resolve(wanted), Refused)

    assert [refused(as_of) for as_of in (EARLIER, LATER, None)] == [False, True, True]


def test_what_was_downloaded_is_shared_with_the_users_own_cache(bench: Bench) -> None:
    install(bench, EARLIER, "uv")
    home = Path(bench.environ["UV_CACHE_DIR"])
    kinds = {path.name.partition("-")[0] for path in home.iterdir() if path.is_dir()}
    assert kinds >= {"archive", "simple", "wheels"}
    assert not list(home.glob("sdists-*/index"))
    venv = Environment.at(bench.root / "venv", "uv")
    (library,) = set(venv.libraries)
    # A hard link from the cache.
    assert (library / "needy" / "__init__.py").stat().st_nlink > 1


@pytest.mark.parametrize("installer", ["uv", "pip"])
def test_who_wants_no_cache_has_none(bench: Bench, installer: str) -> None:
    off = {"uv": "UV_NO_CACHE", "pip": "PIP_NO_CACHE_DIR"}[installer]
    for _ in range(2):
        record, (built,), _ = install(bench, EARLIER, installer, **{off: "1"})
        assert (record.failure, built.requires, built.earlier) == (None, {"tool": "1.0"}, None)


@pytest.mark.fault("1")
@pytest.mark.parametrize("installer", ["uv", "pip"])
def test_a_run_tells_what_it_could_not_build_and_with_what(bench: Bench, installer: str) -> None:
    verdict, evidence = bench.verify(planned(None, installer))
    assert (verdict.verdict, states(verdict)["stage:one"]) == ("broken", "new")
    written = json.loads((evidence.folder / "built.json").read_text(encoding="utf-8"))
    (item,) = written["built"]
    assert written["format"] == 1
    assert (item["name"], item["version"], item["with"]) == ("needy", "1.0", {"tool": "3.0"})
    assert (evidence.folder / item["log"]).exists()
    assert item["seconds"] >= 0
    assert Evidence(evidence.folder).built == (Built.model_validate(item),)


def test_builds_that_run_at_a_time_are_told_apart(bench: Bench, index: Index) -> None:
    waits = "import time, {0}\ntime.sleep(0.5)\n"
    index.add(
        *(Release(f"dep{letter}", f"{number}.0") for number, letter in enumerate("abc")),
        *(
            Release(
                f"made-{letter}",
                "1.0",
                form="sdist",
                build_requires=[f"dep{letter}"],
                build_code=waits.format(f"dep{letter}"),
            )
            for letter in "abc"
        ),
    )
    names = ", ".join(f'"made-{letter}==1.0"' for letter in "abc")
    text = MATRIX.replace('"Install needy."', f'"Install all."\nrequirements = [{names}]')
    matrix = parse_matrix(toml(text), file="needy.toml")
    plan = make_plan(matrix, name="needy", row="plain", installer="uv", as_of=EARLIER)
    builder = bench.builder(plan, bench.environment())
    (record,) = builder.stages()
    assert record.failure is None
    assert {item.name: item.requires for item in builder.built} == {
        "made-a": {"depa": "0.0"},
        "made-b": {"depb": "1.0"},
        "made-c": {"depc": "2.0"},
        "needy": {"tool": "1.0"},
    }


@pytest.mark.fault("1")
def test_a_build_dependency_is_found_and_named_and_no_pin_is_said_to_mend_it(
    bench: Bench, index: Index, tmp_path: Path
) -> None:
    verdicts = [bench.verify(planned())[0].verdict]
    phone = Phone(bench, index, tmp_path / "index-cache", MATRIX)
    phone.since = datetime(2025, 2, 20, tzinfo=timezone.utc)
    timeline = phone.trace(samples=0)
    (item,) = timeline.checks
    (found,) = item.breaks
    assert (item.id, item.state, found.confirmed) == ("stage:one", "broke", True)
    culprit = Culprit(
        name="tool", before="1.0", after="3.0", uploaded=timestamp(TURNED), builds=("needy",)
    )
    assert found.culprits == (culprit,)
    assert "build dependency of needy" in found.reason
    repair = phone.repair()
    assert (repair.found, repair.pins, repair.unmended) == (False, (), ("stage:one",))
    said = "\n".join(repair.notes)
    assert "tool 3.0 (then 1.0)" in said
    assert "exact pins of the matrix are kept; `nox -s diagnose" in said
    verdicts.append(bench.verify(planned())[0].verdict)
    assert verdicts == ["broken", "broken"]


@pytest.mark.fault("R8.6")
@pytest.mark.parametrize("installer", ["uv", "pip"])
def test_what_this_machine_lacks_is_no_verdict_on_the_stack(
    bench: Bench, index: Index, installer: str
) -> None:
    code = "import subprocess\nsubprocess.run(['krb5-config', '--libs'], check=True)\n"
    index.add(Release("needy", "1.0", form="sdist", build_code=code))
    verdict, evidence = bench.verify(planned(None, installer))
    assert (verdict.verdict, evidence.stages[0].failure) == ("unjudged", "machine")
    assert judge(evidence).trouble is not None
    assert "needs krb5-config, which this machine does not have" in str(verdict.trouble)


@pytest.mark.fault("E3")
@pytest.mark.parametrize("installer", ["uv", "pip"])
def test_a_build_that_is_stopped_leaves_nothing(bench: Bench, index: Index, installer: str) -> None:
    told = bench.root / "pid"
    code = (
        "import pathlib, subprocess, sys, tempfile, time\n"
        "tempfile.mkdtemp()\n"
        "sleeps = [sys.executable, '-c', 'import time; time.sleep(600)']\n"
        "daemon = subprocess.Popen(sleeps, start_new_session=True)\n"
        f"pathlib.Path({str(told)!r}).write_text(str(daemon.pid))\n"
        "time.sleep(600)\n"
    )
    index.add(Release("needy", "1.0", form="sdist", build_code=code))
    builder = bench.builder(planned(None, installer), bench.environment(installer))

    def stop_once_it_builds() -> None:
        if told.exists() and told.read_text():
            raise KeyboardInterrupt

    builder.tick = stop_once_it_builds
    with pytest.raises(KeyboardInterrupt):
        list(builder.stages())
    assert not is_running(int(told.read_text()))
    mine = Path(bench.environ["UV_CACHE_DIR"]) / ".lock"
    store = Path(bench.environ["XDG_CACHE_HOME"]) / "stackproof" / "built"
    ours = [folder for folder in store.iterdir() if (folder / ".lock").resolve() == mine]
    assert len(ours) == (installer == "uv")
    assert not [left for folder in ours for left in folder.glob("builds-*/*")]

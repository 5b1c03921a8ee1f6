"""Why an installer failed: real runs of uv and pip against an index that misbehaves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from pathlib import Path

import pytest
from support.faults import Place
from support.index import Fault, Index, Offers
from support.matrices import row_stage
from support.sdists import BUILD_ERROR
from support.wheels import Release
from support.workbench import RELEASES, Bench

from stackproof.base.process import Finished
from stackproof.evidence.records import StageRecord
from stackproof.installers.failures import classify

RIVALS = (
    *RELEASES,
    Release("delta", "1.0"),
    Release("delta", "2.0", uploaded=datetime(2025, 3, 2, tzinfo=timezone.utc)),
    Release("parent", "1.0"),
    Release("parent", "2.0", requires=["child"]),
    Release("child", "1.0"),
    Release("rival", "1.0", requires=["child>=2"]),
    Release("future", "1.0", requires_python=">=3.99"),
    Release("broken", "1.0", form="broken-sdist"),
)


@pytest.fixture
def index() -> Iterator[Index]:
    with Index(*RIVALS) as served:
        yield served


@pytest.fixture(params=["uv", "pip"])
def install(request: pytest.FixtureRequest, bench: Bench) -> Callable[..., StageRecord]:
    """Return a function that runs one stage, which installs one requirement."""
    installer: str = request.param
    bench.environ |= {"UV_HTTP_TIMEOUT": "1", "PIP_DEFAULT_TIMEOUT": "1"}

    def run(requirement: str, as_of: datetime | None = None) -> StageRecord:
        more = row_stage("last", requirement)
        (record,) = bench.last_stage(bench.plan(more, installer=installer, as_of=as_of)).stages()
        return record

    return run


Install = Callable[..., StageRecord]


def test_an_installation_that_works_is_no_failure(install: Install) -> None:
    record = install("parent==2.0")
    assert (record.failure, record.exit, record.message, record.tries) == (None, 0, "", 1)
    assert record.drift.added == {"child": (None, "1.0"), "parent": (None, "2.0")}


@pytest.mark.parametrize(
    ("requirement", "words"),
    [
        ("delta==9", "delta==9"),
        ("nosuch==1", "nosuch"),
        ("rival==1.0", "child>=2"),
        ("future==1.0", "3.99"),
        ("broken==1.0", BUILD_ERROR),
    ],
)
def test_what_the_stack_is_refused_for(install: Install, requirement: str, words: str) -> None:
    record = install(requirement)
    assert (record.failure, record.tries, record.drift.added) == ("refused", 1, {})
    assert record.exit != 0
    head, _, rest = record.message.partition("\n")
    assert head == "cannot be installed as documented"
    assert words in " ".join(rest.split())


@pytest.mark.fault("index")
@pytest.mark.parametrize(
    ("fault", "place"),
    [
        (Fault.UNAUTHORIZED, "page"),
        (Fault.FORBIDDEN, "page"),
        (Fault.SERVER_ERROR, "page"),
        (Fault.HANG, "page"),
        (Fault.UNAUTHORIZED, "metadata"),
        (Fault.SERVER_ERROR, "metadata"),
        (Fault.FORBIDDEN, "file"),
        (Fault.HANG, "file"),
        (Fault.TRUNCATED, "file"),
    ],
)
def test_an_index_that_misbehaves_is_no_verdict(
    install: Install, index: Index, fault: Fault, place: Place
) -> None:
    index.fail(fault, "delta", place=place)
    record = install("delta==1.0")
    assert (record.failure, record.tries, record.drift.added) == ("index", 2, {})
    assert record.message.partition("\n")[0] == (
        "the package index did not answer every request, so nothing follows for the stack"
    )


@pytest.mark.fault("index")
def test_an_index_that_is_not_there_is_no_verdict(install: Install, index: Index) -> None:
    index.stop()
    record = install("delta==1.0")
    assert (record.failure, record.tries) == ("index", 2)


@pytest.mark.fault("index")
def test_a_fault_that_passes_is_no_failure(install: Install, index: Index) -> None:
    index.fail(Fault.SERVER_ERROR, "delta", place="file", times=1)
    record = install("delta==1.0")
    assert (record.failure, record.tries, record.exit) == (None, 2, 0)
    assert record.drift.added == {"delta": (None, "1.0")}


@pytest.mark.fault("index")
@pytest.mark.parametrize("fault", [Fault.SERVER_ERROR, Fault.UNAUTHORIZED, Fault.FORBIDDEN])
def test_an_older_parent_for_want_of_a_page_is_never_a_success(
    install: Install, index: Index, fault: Fault
) -> None:
    index.fail(fault, "child", place="page")
    record = install("parent>=1")
    assert (record.failure, record.drift.added.get("child")) == ("index", None)


@pytest.mark.fault("index")
@pytest.mark.parametrize("offers", [Offers(upload_times=False), Offers(json=False)])
def test_an_index_without_upload_times_cannot_keep_a_cut_off(
    install: Install, bench: Bench, offers: Offers
) -> None:
    with Index(*RIVALS, offers=offers) as timeless:
        bench.environ |= {"UV_DEFAULT_INDEX": timeless.url, "PIP_INDEX_URL": timeless.url}
        record = install("parent==2.0", datetime(2025, 4, 1, tzinfo=timezone.utc))
    assert (record.failure, record.tries) == ("upload-times", 1)
    assert record.message.partition("\n")[0] == (
        "the package index does not say when files were uploaded, so the cut-off date "
        "could not be kept"
    )


@pytest.mark.fault("index")
def test_one_file_without_its_time_spoils_what_the_installer_calls_a_success(
    install: Install, index: Index
) -> None:
    index.add(Release("parent", "3.0", uploaded=None))
    record = install("parent<=3", datetime(2025, 4, 1, tzinfo=timezone.utc))
    assert record.failure == "upload-times"


def test_a_release_after_the_cut_off_is_a_refusal(install: Install) -> None:
    record = install("delta==2.0", datetime(2025, 3, 1, tzinfo=timezone.utc))
    assert (record.failure, record.drift.added) == ("refused", {})


# --- words that take a full disk, or an older uv, to come by ----------------------------------


def ended(code: int, *, timed_out: bool = False) -> Finished:
    return Finished(
        exit=code, seconds=1.0, processor_seconds=1.0, peak_memory=1, timed_out=timed_out
    )


@pytest.mark.fault("disk")
@pytest.mark.parametrize("code", [0, 1, 2, -9])
def test_a_full_disk_is_one_however_the_installer_ended(code: int) -> None:
    words = "error: Failed to extract archive\n  cause: No space left on device (os error 28)"
    assert classify(words, ended(code)) == "disk"


def test_words_that_an_older_uv_wraps_are_found() -> None:
    words = (
        "  \N{MULTIPLICATION SIGN} No solution found when resolving dependencies:\n"
        "      hint: An index URL (URL) could\n"
        "      not be queried due to a lack of valid authentication credentials (401\n"
        "      Unauthorized).\n"
    )
    assert classify(words, ended(1)) == "index"
    assert classify(words.partition("hint")[0], ended(1)) == "refused"


def test_an_installer_that_was_stopped_says_nothing_of_the_stack() -> None:
    words = "error: No solution found when resolving dependencies"
    assert classify(words, ended(-15)) == "stopped"
    assert classify(words, ended(-15, timed_out=True)) == "stopped"


def test_what_is_not_known_is_not_a_refusal() -> None:
    assert classify("Illegal instruction", ended(3)) == "unknown"
    assert classify("", ended(0)) is None


@pytest.mark.fault("hang")
def test_a_stage_that_hangs_is_stopped_at_its_limit(bench: Bench, index: Index) -> None:
    index.fail(Fault.HANG, "alpha", place="page")
    bench.environ |= {"UV_HTTP_TIMEOUT": "60"}
    builder = bench.builder(bench.plan(), bench.environment())
    builder.limit = 0.5
    (record,) = builder.stages()
    assert (record.failure, record.tries, record.drift.added) == ("stopped", 1, {})
    assert record.message.startswith(
        "the installer did not end within its time limit and was stopped after "
    )


def test_the_words_of_the_installer_are_kept(bench: Bench, tmp_path: Path) -> None:
    (record,) = bench.last_stage(bench.plan(row_stage("last", "rival==1.0"))).stages()
    log = (tmp_path / "built" / record.log).read_text(encoding="utf-8")
    assert log.startswith(f"$ {' '.join(record.command)}\n")
    assert (
        "you require rival==1.0, we can conclude that your requirements are unsatisfiable"
        in " ".join(log.split())
    )

"""The test bed itself: its wheels are real, its index is true, its faults are what they say."""

from __future__ import annotations

import base64
import csv
import gzip
import hashlib
import io
import re
import socket
import subprocess
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timezone
from http.client import HTTPConnection, HTTPResponse, IncompleteRead
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from packaging.metadata import Metadata
from pypi_simple import ACCEPT_HTML_ONLY, PyPISimple
from support.faults import Fault
from support.index import Index, Offers
from support.sandbox import Sandbox, pip_sandbox, uv_sandbox
from support.sdists import BUILD_ERROR, sdist
from support.tools import tool_wheels, unpack_pip
from support.wheels import FOREIGN, Release, wheel

MARCH = datetime(2025, 3, 2, 10, 11, tzinfo=timezone.utc)
FULL = Release(
    "Con.Tacts",
    "2.01",
    requires=["numbers-pkg>=3", "colour ; python_version < '3'"],
    requires_python=">=3.8",
    extras={"web": ["server==1.0", "legacy ; python_version < '3'"]},
    uploaded=MARCH,
    yanked='drops "all" & loses <data>',
)

ALPHA_WHEEL = "files/alpha-1-py3-none-any.whl"

MakeSandbox = Callable[..., Sandbox]


@pytest.fixture(scope="session")
def tools(pytestconfig: pytest.Config) -> Path:
    assert pytestconfig.cache is not None
    return tool_wheels(pytestconfig.cache.mkdir("test-tools"))


@pytest.fixture(scope="session")
def pip(tools: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return unpack_pip(tools, tmp_path_factory.mktemp("pip"))


@pytest.fixture(params=["uv", "pip"])
def sandbox(request: pytest.FixtureRequest, tmp_path: Path) -> MakeSandbox:
    if request.param == "uv":
        return lambda index, **options: uv_sandbox(tmp_path, index.url, **options)
    pip: Path = request.getfixturevalue("pip")
    return lambda index, **options: pip_sandbox(tmp_path, index.url, pip, **options)


# --- wheels and sdists -----------------------------------------------------------------------


def test_a_wheel_says_all_that_its_release_says() -> None:
    filename, content = wheel(FULL)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        metadata = archive.read("con_tacts-2.1.dist-info/METADATA")
        source = archive.read("con_tacts/__init__.py")
    read = Metadata.from_email(metadata, validate=True)
    assert filename == "con_tacts-2.1-py3-none-any.whl"
    assert source == b'__version__ = "2.01"\n'
    assert (read.name, str(read.version)) == ("Con.Tacts", "2.1")
    assert str(read.requires_python) == ">=3.8"
    assert read.provides_extra == ["web"]
    assert [str(requirement) for requirement in read.requires_dist or []] == [
        "numbers-pkg>=3",
        'colour; python_version < "3"',
        'server==1.0; extra == "web"',
        'legacy; python_version < "3" and extra == "web"',
    ]


def test_the_record_of_a_wheel_holds_for_every_file() -> None:
    with zipfile.ZipFile(io.BytesIO(wheel(FULL)[1])) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    record = files.pop("con_tacts-2.1.dist-info/RECORD").decode()
    expected = [[name, _record_hash(content), str(len(content))] for name, content in files.items()]
    assert list(csv.reader(io.StringIO(record))) == [
        *expected,
        ["con_tacts-2.1.dist-info/RECORD", "", ""],
    ]


@pytest.mark.parametrize("make", [wheel, sdist])
def test_the_same_release_gives_the_same_bytes_at_any_time(
    make: Callable[[Release], tuple[str, bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = make(FULL)
    monkeypatch.setattr("time.time", lambda: 2e9)
    assert make(FULL) == before


def test_an_sdist_unpacks_to_one_folder() -> None:
    filename, content = sdist(FULL)
    with tarfile.open(fileobj=io.BytesIO(gzip.decompress(content))) as archive:
        names = archive.getnames()
    assert filename == "con_tacts-2.1.tar.gz"
    assert names[:3] == [f"con_tacts-2.1/{name}" for name in _SDIST_HEAD]


def _record_hash(content: bytes) -> str:
    digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest())
    return "sha256=" + digest.decode().rstrip("=")


_SDIST_HEAD = ("PKG-INFO", "pyproject.toml", "backend.py")


# --- pages -----------------------------------------------------------------------------------


def test_a_page_tells_all_that_is_known_of_a_file() -> None:
    _, content = wheel(FULL)
    with Index(FULL) as index, PyPISimple(index.url) as client:
        page = client.get_project_page("CON_tacts")
        (file,) = page.packages
        metadata = client.get_package_metadata(file)
        downloaded = requests.get(file.url, timeout=5).content
    assert (page.project, page.versions) == ("con-tacts", ["2.1"])
    assert file.digests == {"sha256": hashlib.sha256(content).hexdigest()}
    assert (file.size, file.upload_time) == (len(content), MARCH)
    assert (file.is_yanked, file.yanked_reason) == (True, FULL.yanked)
    assert file.requires_python == ">=3.8"
    assert file.metadata_digests == {"sha256": hashlib.sha256(metadata.encode()).hexdigest()}
    assert downloaded == content


def test_the_html_page_tells_the_same_less_the_times_and_sizes() -> None:
    json_file, html_file = (
        _only_file(FULL, Offers(json=offers_json)) for offers_json in (True, False)
    )
    assert html_file == json_file | {"size": None, "upload_time": None}


def test_who_asks_for_html_gets_html() -> None:
    with Index(FULL) as index, PyPISimple(index.url, accept=ACCEPT_HTML_ONLY) as client:
        (file,) = client.get_project_page("con-tacts").packages
        assert client.get_index_page().projects == ["con-tacts"]
    assert (file.filename, file.upload_time) == ("con_tacts-2.1-py3-none-any.whl", None)


def test_an_index_can_do_without_upload_times() -> None:
    assert _only_file(FULL, Offers(upload_times=False))["upload_time"] is None


def test_an_index_can_do_without_metadata_files() -> None:
    with Index(FULL, offers=Offers(metadata_files=False)) as index:
        with PyPISimple(index.url) as client:
            (file,) = client.get_project_page("con-tacts").packages
        beside = requests.get(f"{file.url}.metadata", timeout=5)
    assert (file.has_metadata, beside.status_code) == (None, 404)


def test_the_list_of_projects_grows_while_the_index_runs() -> None:
    with Index(Release("alpha", "1")) as index, PyPISimple(index.url) as client:
        before = client.get_index_page().projects
        index.add(Release("beta", "1"))
        after = client.get_index_page().projects
    assert (before, after) == (["alpha"], ["alpha", "beta"])


def test_an_unchanged_page_is_not_sent_twice() -> None:
    with Index(Release("alpha", "1")) as index:
        page = f"{index.url}alpha/"
        tag = {"If-None-Match": requests.get(page, timeout=5).headers["ETag"]}
        again = requests.get(page, headers=tag, timeout=5)
        index.add(Release("alpha", "2"))
        changed = requests.get(page, headers=tag, timeout=5)
    assert (again.status_code, again.content) == (304, b"")
    assert (changed.status_code, "alpha-2-py3" in changed.text) == (200, True)


def test_requests_are_counted_by_path() -> None:
    with Index(Release("alpha", "1")) as index:
        for path in ("simple/alpha/", "simple/alpha/", "simple/nosuch/"):
            _status(index, path)
        counted = index.requests
        index.forget()
        assert index.requests == {}
    assert counted == {"simple/alpha/": 2, "simple/nosuch/": 1}


def test_any_other_text_can_be_served() -> None:
    with Index() as index:
        address = index.put("constraints-2.10.5/constraints-3.11.txt", b"alpha==1\n")
        assert requests.get(address, timeout=5).content == b"alpha==1\n"
        assert requests.get(f"{address}.sig", timeout=5).status_code == 404


def _only_file(release: Release, offers: Offers) -> dict[str, Any]:
    with Index(release, offers=offers) as index, PyPISimple(index.url) as client:
        (file,) = client.get_project_page(release.name).packages
    return vars(file) | {"url": urlsplit(file.url).path.rpartition("/")[2]}


# --- faults, as any client sees them ---------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        (Fault.UNAUTHORIZED, 401),
        (Fault.FORBIDDEN, 403),
        (Fault.NOT_FOUND, 404),
        (Fault.SERVER_ERROR, 500),
        (Fault.UNAVAILABLE, 503),
    ],
)
def test_a_fault_strikes_one_project_until_it_is_mended(fault: Fault, status: int) -> None:
    with Index(Release("al.pha", "1"), Release("beta", "1")) as index:
        index.fail(fault, "Al_Pha")
        struck = [_status(index, f"simple/{name}/") for name in ("al-pha", "beta")]
        index.mend()
        assert _status(index, "simple/al-pha/") == 200
    assert struck == [status, 200]


def test_a_fault_strikes_so_many_times_and_no_more() -> None:
    with Index(Release("alpha", "1")) as index:
        index.fail(Fault.SERVER_ERROR, times=2)
        assert [_status(index, "simple/alpha/") for _ in range(3)] == [500, 500, 200]


def test_a_fault_strikes_in_the_place_that_is_named() -> None:
    with Index(Release("alpha", "1")) as index:
        index.put("constraints.txt", b"")
        index.fail(Fault.SERVER_ERROR, place="metadata")
        index.fail(Fault.UNAVAILABLE, place="text")
        paths = ["simple/alpha/", ALPHA_WHEEL, f"{ALPHA_WHEEL}.metadata", "texts/constraints.txt"]
        assert [_status(index, path) for path in paths] == [200, 200, 500, 503]


def test_a_fault_cannot_strike_where_it_makes_no_sense() -> None:
    with Index() as index, pytest.raises(ValueError, match=r"^TRUNCATED cannot strike a page$"):
        index.fail(Fault.TRUNCATED, place="page")


@pytest.mark.parametrize("let_go", [Index.mend, Index.__exit__])
def test_a_hanging_request_is_let_go_without_an_answer(let_go: Callable[[Index], None]) -> None:
    with Index(Release("alpha", "1")) as index:
        index.fail(Fault.HANG)
        with _ask(index, "simple/alpha/") as waiting:
            waiting.settimeout(0.3)
            with pytest.raises(TimeoutError):
                waiting.recv(1)
            let_go(index)
            waiting.settimeout(5)
            assert waiting.recv(1) == b""


def test_a_truncated_file_ends_half_way() -> None:
    with Index(Release("alpha", "1")) as index:
        index.fail(Fault.TRUNCATED)
        with _get(index, ALPHA_WHEEL) as response, pytest.raises(IncompleteRead) as caught:
            response.read()
    _, content = wheel(Release("alpha", "1"))
    assert caught.value.partial == content[: len(content) // 2]
    assert caught.value.expected == len(content) - len(content) // 2


def test_a_garbled_page_is_html_that_lists_nothing() -> None:
    with Index(Release("alpha", "1")) as index, PyPISimple(index.url) as client:
        index.fail(Fault.GARBAGE)
        files = client.get_project_page("alpha").packages
    assert [file.filename for file in files] == ["log in"]


def test_a_lying_page_states_wrong_hashes_of_the_files_alone() -> None:
    index = Index(Release("alpha", "1"), Release("alpha", "2"))
    with index, PyPISimple(index.url) as client:
        honest = client.get_project_page("alpha").packages
        index.fail(Fault.WRONG_HASH)
        lying = client.get_project_page("alpha").packages
    hashes = [file.digests["sha256"] for file in (*honest, *lying)]
    assert (len(hashes), len(set(hashes))) == (4, 4)
    assert [file.metadata_digests for file in lying] == [file.metadata_digests for file in honest]


def test_a_stopped_index_refuses_connections_and_comes_back_where_it_was() -> None:
    with Index(Release("alpha", "1")) as index:
        index.stop()
        with pytest.raises(ConnectionRefusedError):
            _ask(index, "simple/alpha/")
        with socket.socket() as rival, pytest.raises(OSError, match="in use"):
            rival.bind((urlsplit(index.url).hostname, urlsplit(index.url).port))
        index.start()
        assert _status(index, "simple/alpha/") == 200


def _status(index: Index, path: str) -> int:
    with _get(index, path) as response:
        return response.status


@contextmanager
def _get(index: Index, path: str) -> Iterator[HTTPResponse]:
    address = urlsplit(index.url.removesuffix("simple/") + path)
    with closing(HTTPConnection(address.netloc, timeout=5)) as connection:
        connection.request("GET", address.path)
        with connection.getresponse() as response:
            yield response


def _ask(index: Index, path: str) -> socket.socket:
    address = urlsplit(index.url.removesuffix("simple/") + path)
    asking = socket.create_connection((address.hostname, address.port or 80), timeout=5)
    asking.sendall(f"GET {address.path} HTTP/1.1\r\nHost: index\r\n\r\n".encode())
    return asking


# --- uv and pip against the bed --------------------------------------------------------------

STACK = (
    Release("alpha", "1.0", uploaded=datetime(2025, 1, 1, tzinfo=timezone.utc)),
    Release("alpha", "2.0", uploaded=MARCH, requires=["beta>=2"], extras={"web": ["server"]}),
    Release("beta", "1.0"),
    Release("beta", "2.0"),
    Release("beta", "3.0", yanked="eats data"),
    Release("server", "1.0", requires_python=">=3.8"),
    Release("server", "2.0", requires_python=">=4"),
)


def test_an_installer_takes_the_newest_and_what_it_needs(sandbox: MakeSandbox) -> None:
    with Index(*STACK) as index:
        stack = sandbox(index)
        assert stack.install("alpha[web]").exit == 0
        counted = index.requests
    assert stack.installed == {"alpha": "2.0", "beta": "2.0", "server": "1.0"}
    # The metadata files were read in place of wheels that were not installed.
    assert counted["files/alpha-2.0-py3-none-any.whl.metadata"] == 1
    assert counted["files/alpha-1.0-py3-none-any.whl"] == 0
    assert {count for path, count in counted.items() if path.startswith("simple/")} == {1}


def test_what_is_installed_can_be_imported(sandbox: MakeSandbox) -> None:
    modules = {"alpha_tools/__init__.py": "", "alpha_tools/answer.py": "ANSWER = 6 * 7\n"}
    with Index(Release("alpha", "1.0", modules=modules)) as index:
        stack = sandbox(index)
        assert stack.install("alpha").exit == 0
    program = "from alpha_tools.answer import ANSWER; print(ANSWER)"
    assert subprocess.check_output([stack.python, "-c", program], text=True) == "42\n"


@pytest.mark.parametrize(
    ("as_of", "expected"),
    [
        ("2025-03-02T10:10:59Z", {"alpha": "1.0"}),
        # Both take only what was uploaded before, not at, the given moment.
        ("2025-03-02T10:11:00Z", {"alpha": "1.0"}),
        ("2025-03-02T10:11:01Z", {"alpha": "2.0", "beta": "2.0"}),
    ],
)
def test_a_cut_off_hides_later_uploads(
    sandbox: MakeSandbox, as_of: str, expected: dict[str, str]
) -> None:
    with Index(*STACK) as index:
        stack = sandbox(index)
        assert stack.install("alpha", as_of=as_of).exit == 0
    assert stack.installed == expected


@pytest.mark.parametrize("offers", [Offers(upload_times=False), Offers(json=False)])
def test_with_a_cut_off_an_index_without_upload_times_installs_nothing(
    sandbox: MakeSandbox, offers: Offers
) -> None:
    with Index(*STACK, offers=offers) as index:
        stack = sandbox(index)
        failed = stack.install("alpha", as_of="2030-01-01T00:00:00Z")
        assert stack.install("beta").exit == 0
    assert failed.exit == 1
    assert re.search("is missing an upload date|does not provide upload-time", failed.words)
    assert stack.installed == {"beta": "2.0"}


def test_an_installer_obeys_constraints_from_a_url(sandbox: MakeSandbox) -> None:
    with Index(*STACK) as index:
        stack = sandbox(index)
        constraints = index.put("constraints-3.11.txt", b"alpha==1.0\n")
        assert stack.install("alpha", "--constraint", constraints).exit == 0
    assert stack.installed == {"alpha": "1.0"}


def test_a_yanked_release_is_taken_only_where_it_is_pinned(sandbox: MakeSandbox) -> None:
    with Index(*STACK) as index:
        stack = sandbox(index)
        refused = stack.install("beta>=3")
        pinned = stack.install("beta==3.0")
    assert (refused.exit, pinned.exit) == (1, 0)
    assert "eats data" in pinned.words
    assert stack.installed == {"beta": "3.0"}


def test_a_release_added_meanwhile_is_seen_despite_the_cache(sandbox: MakeSandbox) -> None:
    with Index(Release("alpha", "1.0")) as index:
        stack = sandbox(index)
        assert stack.install("alpha").exit == 0
        index.add(Release("alpha", "1.1"))
        assert stack.install("alpha>=1.1").exit == 0
    assert stack.installed == {"alpha": "1.1"}


def test_where_no_wheel_fits_the_sdist_is_built(sandbox: MakeSandbox) -> None:
    sources = Release("alpha", "1.0", form="sdist")
    with Index(Release("alpha", "1.0", tags=FOREIGN), sources) as index:
        stack = sandbox(index)
        assert stack.install("alpha").exit == 0
        assert index.requests["files/alpha-1.0-cp27-cp27m-win32.whl"] == 0
    assert stack.installed == {"alpha": "1.0"}


def test_a_broken_sdist_fails_with_the_words_of_its_build(sandbox: MakeSandbox) -> None:
    with Index(Release("alpha", "1.0", form="broken-sdist")) as index:
        stack = sandbox(index)
        failed = stack.install("alpha")
    assert failed.exit == 1
    assert BUILD_ERROR in failed.words
    assert stack.installed == {}


def test_an_installer_does_without_metadata_files(sandbox: MakeSandbox) -> None:
    with Index(*STACK, offers=Offers(metadata_files=False)) as index:
        stack = sandbox(index)
        assert stack.install("alpha").exit == 0
        assert not [path for path in index.requests if path.endswith(".metadata")]
    assert stack.installed == {"alpha": "2.0", "beta": "2.0"}


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (Fault.SERVER_ERROR, "500 Internal Server Error|too many 500 error responses"),
        (Fault.TRUNCATED, "error decoding response body|not enough bytes were received"),
        (Fault.GARBAGE, "there are no versions of beta|No matching distribution found for beta"),
    ],
)
def test_a_fault_of_the_index_stops_an_installer(
    sandbox: MakeSandbox, fault: Fault, words: str
) -> None:
    with Index(*STACK) as index:
        stack = sandbox(index)
        index.fail(fault, "beta")
        failed = stack.install("beta")
    assert failed.exit != 0
    assert re.search(words, failed.words)
    assert stack.installed == {}


def test_a_lying_page_stops_pip(pip: Path, tmp_path: Path) -> None:
    # Not uv: the oldest that we support takes the page's word and does not look.
    with Index(*STACK) as index:
        stack = pip_sandbox(tmp_path, index.url, pip)
        index.fail(Fault.WRONG_HASH, "beta")
        failed = stack.install("beta")
    assert (failed.exit, stack.installed) == (1, {})
    assert "THESE PACKAGES DO NOT MATCH THE HASHES" in failed.words


def test_an_installer_does_not_wait_for_ever(sandbox: MakeSandbox) -> None:
    with Index(*STACK) as index:
        stack = sandbox(index, seconds=1)
        index.fail(Fault.HANG, "beta")
        failed = stack.install("beta")
    assert failed.exit != 0
    assert re.search("operation timed out|didn't respond within 1.0 seconds", failed.words)


def test_an_installer_is_refused_by_a_stopped_index(sandbox: MakeSandbox) -> None:
    with Index(*STACK) as index:
        stack = sandbox(index)
        index.stop()
        failed = stack.install("beta")
        index.start()
        assert stack.install("beta").exit == 0
    assert failed.exit != 0
    assert re.search(r"Connection refused", failed.words)
    assert stack.installed == {"beta": "2.0"}


def test_an_installer_sees_nothing_but_the_index(
    sandbox: MakeSandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "elsewhere").mkdir()
    filename, content = wheel(Release("beta", "9.0"))
    (tmp_path / "elsewhere" / filename).write_bytes(content)
    for name in ("PIP_FIND_LINKS", "UV_FIND_LINKS"):
        monkeypatch.setenv(name, str(tmp_path / "elsewhere"))
    with Index(*STACK) as index:
        stack = sandbox(index)
        assert stack.install("beta").exit == 0
    assert stack.installed == {"beta": "2.0"}


# --- real wheels beside made-up ones ---------------------------------------------------------


def test_test_tools_install_beside_a_made_up_stack_as_of_any_day(
    sandbox: MakeSandbox, tools: Path
) -> None:
    with Index(*STACK) as index:
        index.add_wheels(tools)
        stack = sandbox(index)
        wanted = ("alpha", "pytest-xdist", "pytest-reportlog", "setuptools")
        assert stack.install(*wanted, as_of="2025-02-01T00:00:00Z").exit == 0
    assert stack.installed.keys() >= {*wanted, "pytest", "pluggy", "execnet"}
    assert stack.installed["alpha"] == "1.0"
    told = subprocess.check_output([stack.python, "-m", "pytest", "--version"], text=True)
    assert told == f"pytest {stack.installed['pytest']}\n"


def test_test_tools_are_fetched_only_once(tools: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    assert tool_wheels(tools.parent) == tools

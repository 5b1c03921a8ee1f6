"""What a policy says of made-up releases: licences, and what is known to be unsafe."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from support.advisories import osv
from support.audit_bench import Desk, matrix_text, messages
from support.index import Index
from support.sessions import call
from support.wheels import FOREIGN, Release
from support.workbench import TINY, Bench

from stackproof import cli

RELEASES = (
    Release("alpha", "1.0", requires=["gamma"]),
    Release("alpha", "1.1", yanked="bad"),
    Release("alpha", "1.2", tags=FOREIGN),
    Release("alpha", "1.3rc1"),
    Release("alpha", "1.3"),
    Release("alpha", "2.0"),
    Release("gamma", "1.0"),
)
UNSAFE = osv(
    "A-1",
    "alpha",
    events=[("introduced", "0"), ("fixed", "1.0.5")],
    summary="it | leaks",
    aliases=["CVE-2025-1"],
    database_specific={"severity": "HIGH"},
)
#: The same by another name and with less to say, one that the nearest fix has, and one more.
KNOWN = (
    UNSAFE,
    osv("P-1", "alpha", versions=["1.0"], aliases=["CVE-2025-1"]),
    osv("A-2", "alpha", versions=["1.3"]),
    osv("G-1", "gamma", events=[("introduced", "0")]),
)
ACCEPTED = """
[[policy.accepted]]
advisory = "CVE-2025-1"
reason = "not reached"
date = {today}
until = {until}
"""


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """Return where matrices are audited against the releases."""
    with Index(*RELEASES) as index:
        yield Desk(root=tmp_path, index=index)


def keep(desk: Desk, *known: Mapping[str, Any]) -> None:
    """Write advisories to the folder of the checkout."""
    folder = desk.root / "advisories"
    folder.mkdir()
    for record in known:
        (folder / f"{record['id']}.json").write_text(json.dumps(record), encoding="utf-8")


def policy(source: str, more: str = "") -> str:
    return matrix_text("alpha==1.0", more=f'[policy]\nadvisories = "{source}"\n{more}')


def test_what_is_unsafe_is_told_once_with_the_nearest_release_that_is_safe(desk: Desk) -> None:
    keep(desk, *KNOWN)
    found = desk.audit(policy("advisories"))
    of_alpha, of_gamma = messages(found, "vulnerable")
    assert of_alpha == (
        "error 12: alpha 1.0 is affected by A-1 (CVE-2025-1, HIGH): it | leaks; the nearest "
        "release that is not is 2.0"
    )
    assert of_gamma == (
        "error 22: gamma 1.0, which alpha requires, is affected by G-1 (of unknown severity); no "
        "release is not"
    )
    assert found.exit_code == 1
    assert "4 advisories of advisories, the newest of 2025-03-01" in found.notes


def test_a_fix_that_is_unsafe_otherwise_is_better_than_none(desk: Desk) -> None:
    keep(desk, UNSAFE, osv("A-3", "alpha", versions=["1.3", "2.0"]))
    (said,) = messages(desk.audit(policy("advisories")), "vulnerable")
    assert said.endswith("the nearest release that is not is 1.3")


def test_what_is_accepted_is_expected_until_its_day(desk: Desk) -> None:
    keep(desk, UNSAFE)
    today = date.today()  # noqa: DTZ011 - as an audit has it, give or take a day
    later = ACCEPTED.format(today=today, until=today + timedelta(days=2))
    found = desk.audit(policy("advisories", later))
    (finding,) = (item for item in found.findings if item.rule == "vulnerable")
    assert finding.known == f"not reached, until {today + timedelta(days=2)}"
    assert found.exit_code == 0
    over = ACCEPTED.format(today=today, until=today - timedelta(days=2))
    found = desk.audit(policy("advisories", over))
    (said,) = messages(found, "vulnerable")
    assert said.endswith(f"it was accepted until {today - timedelta(days=2)}: look at it again")
    assert found.exit_code == 1


@contextmanager
def service(answers: Mapping[str, Sequence[Mapping[str, Any]]]) -> Iterator[str]:
    """Serve advisories by distribution as OSV does, one to a page; yield the address."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            body = json.dumps(answer(self.path, asked)).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    def answer(path: str, asked: Mapping[str, Any]) -> object:
        if path == "/v1/querybatch":
            names = [query["package"]["name"] for query in asked["queries"]]
            return {"results": [{"vulns": [{}]} if name in answers else {} for name in names]}
        every = answers[asked["package"]["name"]]
        page = int(asked.get("page_token", 0))
        more = {"next_page_token": str(page + 1)} if page + 1 < len(every) else {}
        return {"vulns": every[page : page + 1], **more}

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def test_a_service_is_asked_for_all_of_what_it_says_is_affected(desk: Desk) -> None:
    with service({"alpha": KNOWN[:3]}) as address:
        found = desk.audit(policy(address))
    (said,) = messages(found, "vulnerable")
    assert said.endswith("the nearest release that is not is 2.0")
    assert found.trouble == ()


@pytest.mark.parametrize("source", ["nowhere", "http://127.0.0.1:9"])
def test_no_answer_says_of_nothing_that_it_is_safe(desk: Desk, source: str) -> None:
    found = desk.audit(policy(source))
    (trouble,) = found.trouble
    assert trouble.startswith("tiny/plain: ")
    assert source in trouble
    assert found.exit_code == 2


def licensed(name: str, version: str, licence: str, *requires: str) -> Release:
    return Release(name, version, requires=requires, says=[f"License-Expression: {licence}"])


def test_licences_that_are_not_allowed_or_not_known_are_told(tmp_path: Path) -> None:
    classified = ["Classifier: License :: OSI Approved :: BSD License"]
    releases = (
        licensed("alpha", "1.0", "MIT OR GPL-3.0-only", "gamma", "delta"),
        licensed("beta", "1.0", "GPL-3.0-only"),
        Release("gamma", "1.0", says=classified),
        Release("delta", "1.0"),
    )
    text = matrix_text(
        "alpha==1.0", "beta==1.0", more='[policy]\nlicences = ["MIT", "BSD License"]\n'
    )
    with Index(*releases) as index:
        found = Desk(root=tmp_path, index=index).audit(text)
    assert messages(found, "licence") == [
        "error 19: beta 1.0 is licensed GPL-3.0-only, which is not allowed",
        "warning 29: the metadata states no licence, or cannot be had, of delta 1.0",
    ]


def test_a_range_whose_licence_changes_is_told_with_the_release(tmp_path: Path) -> None:
    versions = {"1.0": "MIT", "1.1": "MIT", "1.2": "MIT", "2.0": "SSPL-1.0", "2.1": "SSPL-1.0"}
    releases = [licensed("alpha", version, licence) for version, licence in versions.items()]
    text = matrix_text("alpha>=1", more='[policy]\nlicences = ["MIT", "SSPL-1.0"]\n')
    with Index(*releases) as index:
        found = Desk(root=tmp_path, index=index).audit(text)
    assert messages(found, "licence") == [
        "warning 12: alpha>=1 is licensed MIT up to 1.2 and SSPL-1.0 from 2.0 on"
    ]


def test_a_fix_is_tried_until_one_keeps_the_row_green(
    bench: Bench, index: Index, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = bench.root / "advisories"
    folder.mkdir()
    (folder / "A-1.json").write_text(json.dumps(UNSAFE), encoding="utf-8")
    bench.write("matrices/tiny.toml", f'{TINY}\n[policy]\nadvisories = "advisories"\n')
    # Nearer than alpha 2.0, and the workload fails with a version of so many digits.
    index.add(Release("alpha", "1.0.10"))

    def fix(advisory: str) -> str:
        words = ("--fix", advisory, "--row", "tiny/plain")
        return call(cli.candidate, bench.project, words, bench.environ)

    assert fix("CVE-2025-1") == ""
    said = capsys.readouterr().out
    assert said.index("alpha==1.0.10: breaks what worked") < said.index("alpha==2.0: safe")
    assert "CVE-1999-1 affects no exact pin of the row" in fix("CVE-1999-1")

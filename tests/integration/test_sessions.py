"""The sessions, through a real nox: what it lists, prints and exits with."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time

import pytest
from support.checkout import Checkout
from support.index import Index
from support.matrices import PYTHON
from support.workbench import TINY, WORKLOAD, Bench

from stackproof import cli
from stackproof.cli.offers import rows
from stackproof.cli.rows import find_row
from stackproof.errors import MatrixError, StackproofError

ROWS = """
[rows.dated]
summary = "As of a day."
default = false
as-of = 2025-04-01T00:00:00Z

[rows.elsewhere]
summary = "On a Python that is not there."
default = false
python = "3.99"
"""

KNOWN = """
[[rows.plain.known-failures]]
check = "smoke:sum"
reason = "known for years"
date = 2025-01-02
"""

SESSION = "verify(tiny/plain)"


@pytest.fixture
def checkout(bench: Bench) -> Checkout:
    made = Checkout(bench)
    made.write_matrix(TINY + ROWS)
    return made


def only(lines: list[str], start: str) -> str:
    """Return the one line that begins so."""
    (line,) = [line for line in lines if line.startswith(start)]
    return line


def ending(lines: list[str]) -> str:
    """Return nox's last line, without how long it took."""
    return re.sub(r" \(took [^)]*\)\.$", ".", lines[-1])


# --- what is offered -------------------------------------------------------------------------


def test_nox_lists_every_row(checkout: Checkout) -> None:
    code, lines = checkout.nox("--list")
    assert code == 0, lines
    # A star marks what a plain `nox` runs.
    starred = [line.split(" -> ")[0] for line in lines if line.startswith("* ")]
    assert starred == [f"* {SESSION}"]
    others = [line.split(" -> ")[0] for line in lines if line.startswith("- verify-optional")]
    assert others == [
        "- verify-optional(tiny/dated)",
        "- verify-optional(tiny/elsewhere)",
    ]


def test_nox_lists_rows_for_machines(checkout: Checkout) -> None:
    code, lines = checkout.nox("--list", "--json")
    sessions = json.loads("\n".join(lines))
    assert code == 0
    (verify,) = [item for item in sessions if item["name"] == "verify"]
    assert (verify["session"], verify["python"]) == (SESSION, PYTHON)


def test_rows_of_every_matrix_are_offered_in_order(checkout: Checkout) -> None:
    checkout.write_matrix(TINY, name="another")
    found = rows(checkout.bench.root / "matrices")
    assert [(str(row), row.python, row.default) for row in found] == [
        ("another/plain", PYTHON, True),
        ("tiny/plain", PYTHON, True),
        ("tiny/dated", PYTHON, False),
        ("tiny/elsewhere", "3.99", False),
    ]


@pytest.mark.fault("G")
def test_a_row_that_derives_from_a_thousand_is_offered_at_once(checkout: Checkout) -> None:
    line = '[rows.row-{0}]\nsummary = "One more."\nbase = "row-{1}"\n'
    first = '[rows.row-0]\nsummary = "The first."\npython = "3.12"\n'
    chain = "".join(line.format(number, number - 1) for number in range(1, 1200))
    checkout.write_matrix(f"{TINY}\n{first}{chain}", name="long")
    begun = time.process_time()
    found = [row for row in rows(checkout.bench.root / "matrices") if row.file.stem == "long"]
    assert time.process_time() - begun < 6, "seconds; each row walks to the first one"
    assert (len(found), found[-1].row, found[-1].python) == (1201, "row-1199", "3.12")


def test_a_row_that_nobody_names_is_the_usual_one_or_the_only_one(checkout: Checkout) -> None:
    folder = checkout.bench.root / "matrices"
    assert find_row(None, folder, "dated")[:2] == ("tiny", "dated")
    assert find_row(None, folder, "verified")[:2] == ("tiny", "plain")
    with pytest.raises(StackproofError, match="there is no row 'verified'"):
        find_row("verified", folder, "verified")
    checkout.write_matrix(TINY, name="another")
    with pytest.raises(StackproofError, match="name one as MATRIX/ROW"):
        find_row(None, folder, "verified")


@pytest.fixture
def spoilt(checkout: Checkout) -> Checkout:
    """Return the checkout with three matrices beside it that cannot be used."""
    checkout.write_matrix(TINY.replace('pins = ["beta"]', 'pins = ["betta"]'), name="misspelt")
    checkout.write_matrix("format = ", name="worse")
    checkout.write_matrix(TINY.replace('area = "first"', "area = 1"), name="other")
    return checkout


MISSPELT = (
    "misspelt.toml: [stages number 2 (two)], key pins number 1: there is no pin 'betta'; "
    "did you mean 'beta'?"
)


def test_bad_matrices_are_listed_with_all_their_problems(spoilt: Checkout) -> None:
    code, lines = spoilt.nox("--list")
    assert code == 0
    told = [line for line in lines if ".toml: " in line]
    assert told[:2] == [
        MISSPELT,
        (
            "other.toml: [pins number 1 (alpha)], key area: 1 is of the wrong type; "
            "write text in quotes"
        ),
    ]
    assert told[2].startswith("worse.toml: the file: is not TOML (")
    assert not [line for line in lines if "Traceback" in line]
    starred = [line.split(" -> ")[0] for line in lines if line.startswith("* ")]
    assert starred == [f"* verify({name})" for name in ("misspelt", "other", "worse", "tiny/plain")]


@pytest.mark.parametrize("session", ["verify", "verify-optional"])
def test_a_bad_matrix_fails_where_rows_are_verified(spoilt: Checkout, session: str) -> None:
    code, lines = spoilt.nox("-s", f"{session}(misspelt)")
    assert code == 1
    told = f"aborted: exit 2, could not judge: {MISSPELT}"
    assert ending(lines) == f"nox > Session {session}(misspelt) {told}."
    assert not (spoilt.bench.root / "reports").exists()


def test_a_bad_matrix_keeps_nobody_from_the_rest(spoilt: Checkout) -> None:
    code, lines = spoilt.nox("-s", SESSION)
    assert code == 0, lines
    assert only(lines, "tiny/plain OK: ")
    assert spoilt.run("changes", "tiny/plain")[0] == 0


def test_a_bad_matrix_keeps_nobody_from_a_row_of_another_that_is_named(spoilt: Checkout) -> None:
    folder = spoilt.bench.root / "matrices"
    assert find_row("tiny/dated", folder)[:2] == ("tiny", "dated")
    code, lines = spoilt.run("audit", "tiny")
    assert code == 0, lines
    # Whether a bad one has a row of that name too is not known.
    with pytest.raises(MatrixError, match="there is no pin 'betta'"):
        find_row("dated", folder)


def test_the_schedule_does_not_pass_over_a_bad_matrix(spoilt: Checkout) -> None:
    code, lines = spoilt.nox("-s", "monthly", "--", "jobs")
    assert code == 1
    told = "exit 2: the matrix 'misspelt' cannot be used; `nox -s 'verify(misspelt)'` says why"
    assert ending(lines) == f"nox > Session monthly aborted: {told}."


def test_what_an_editor_leaves_beside_a_matrix_is_none(checkout: Checkout) -> None:
    folder = checkout.bench.root / "matrices"
    (folder / ".#tiny.toml").symlink_to("somebody@somewhere.4711")
    assert {row.file.name for row in rows(folder)} == {"tiny.toml"}


def test_no_row_to_run_is_no_success(checkout: Checkout) -> None:
    checkout.write_matrix(TINY + "default = false\n")
    code, lines = checkout.nox("-s", "verify")
    assert code == 1
    assert any("exit 2, could not judge: no matrix has a row that runs" in line for line in lines)


# --- verify ----------------------------------------------------------------------------------


def test_a_row_is_verified_kept_and_news_told(checkout: Checkout, index: Index) -> None:
    code, lines = checkout.nox("-s", "verify")
    assert code == 0, lines
    last = only(lines, "tiny/plain OK: ")
    assert last.startswith("tiny/plain OK: 9 passed in ")
    assert last.endswith("; report: " + report_of(checkout))
    assert checkout.verdict()["installer"] == "uv"
    built = checkout.verdict()["started"]

    index.forget()
    checkout.write_matrix(TINY + KNOWN)
    code, lines = checkout.nox("-s", "verify", "-R")
    assert code == 1, lines
    last = only(lines, "tiny/plain OK: ")
    assert "; unexpectedly passing: smoke:sum in " in last
    assert last.endswith("; report: " + report_of(checkout))
    assert ending(lines) == f"nox > Session {SESSION} aborted: exit 1."
    assert checkout.verdict()["started"] != built
    # The one who reads links is asked for, and is not to be had here.
    assert set(index.requests) <= {"simple/pyrefly/"}

    checkout.write_matrix(TINY.replace('pins = ["beta"]', 'pins = ["beta", "alpha"]'))
    code, lines = checkout.nox("-s", "verify", "-R")
    assert code == 1, lines
    assert only(lines, "tiny/plain UNJUDGED: ")
    assert only(lines, "could not judge: ") == (
        "could not judge: the kept environment was built for another plan; "
        "build it anew, without -r or -R"
    )
    assert ending(lines) == f"nox > Session {SESSION} aborted: exit 2."


def test_a_terminal_without_the_letters_of_a_reason_shows_the_rest(checkout: Checkout) -> None:
    known = KNOWN.replace("known for years", "알려진 실패").replace("sum", "no")
    checkout.write_matrix(TINY + known)
    failing = WORKLOAD.replace('"sum"', '"no"') + "    raise AssertionError\n"
    checkout.bench.write("tests/stack/workloads/test_sum.py", failing)
    checkout.bench.environ["PYTHONIOENCODING"] = "ascii"
    code, lines = checkout.nox("-s", "verify")
    assert code == 0, lines
    assert only(lines, "expected failure    smoke:no").endswith(" ??? ??")
    assert only(lines, "tiny/plain BROKEN: ")


def report_of(checkout: Checkout) -> str:
    home = checkout.bench.root / "reports" / "tiny" / "plain"
    return (
        (home / (home / "latest").readlink() / "report.md")
        .relative_to(checkout.bench.root)
        .as_posix()
    )


def test_the_reference_installer_verifies_the_same_row(checkout: Checkout) -> None:
    code, lines = checkout.nox("-s", "verify", "--force-venv-backend", "virtualenv")
    assert code == 0, lines
    assert only(lines, "tiny/plain OK: 9 passed in ")
    assert checkout.verdict()["installer"] == "pip"
    home = checkout.bench.root / "reports" / "tiny" / "plain" / "latest"
    freeze = (home / "freeze.txt").read_text(encoding="utf-8").splitlines()
    # virtualenv brings setuptools along for a Python before 3.12.
    assert [line for line in freeze if not line.startswith("setuptools==")] == [
        "alpha==1.0",
        "beta==1.0",
        "gamma==1.1",
    ]


def test_a_row_is_not_built_into_the_environment_of_nox(checkout: Checkout) -> None:
    code, lines = checkout.nox("-s", "verify", "--no-venv")
    assert code == 1, lines
    told = "exit 2, could not judge: a row is built in an environment of its own; run nox without"
    assert ending(lines) == f"nox > Session {SESSION} aborted: {told} --no-venv."
    assert not (checkout.bench.root / "reports").exists()


def test_a_cut_off_can_be_given(checkout: Checkout) -> None:
    text = TINY.replace('version = "1.0"', 'version = "2.0"', 1)
    checkout.write_matrix(text)
    code, lines = checkout.nox("-s", "verify", "--", "--as-of", "2025-03-01T00:00:00Z")
    assert code == 1, lines
    assert "; unexpected: stage:one in " in only(lines, "tiny/plain BROKEN: ")
    assert checkout.verdict()["as_of"] == "2025-03-01T00:00:00Z"


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (
            ["--as-of", "yesterday"],
            (
                "argument --as-of: 'yesterday' is neither a UTC timestamp such as "
                "2025-04-01T00:00:00Z nor a date, nor a span such as P7D"
            ),
        ),
        (
            ["--as-of", "2025-04-31"],
            (
                "argument --as-of: '2025-04-31' is neither a UTC timestamp such as "
                "2025-04-01T00:00:00Z nor a date, nor a span such as P7D"
            ),
        ),
        (["--as", "2025-04-01T00:00:00Z"], "unrecognized arguments: --as 2025-04-01T00:00:00Z"),
        (["plain"], "unrecognized arguments: plain"),
    ],
)
def test_arguments_that_are_none_are_told_of(
    checkout: Checkout, given: list[str], told: str
) -> None:
    code, lines = checkout.nox("-s", "verify", "--", *given)
    assert code == 1, lines
    words = "[-h] [--as-of 2025-04-01T00:00:00Z] [--interpreter /opt/venv/bin/python]"
    usage = f"usage: nox -s verify -- {words}"
    assert ending(lines) == (
        f"nox > Session {SESSION} aborted: exit 2, could not judge: {told}; {usage}."
    )
    assert not (checkout.bench.root / "reports").exists()


def test_a_missing_interpreter_is_an_error_that_names_it(checkout: Checkout) -> None:
    code, lines = checkout.nox("-s", "verify-optional(tiny/elsewhere)")
    assert code == 1, lines
    assert ending(lines) == (
        "nox > Session verify-optional(tiny/elsewhere) failed: Python interpreter 3.99 not found."
    )
    assert not (checkout.bench.root / "reports").exists()


@pytest.mark.parametrize(
    ("settings", "code", "words"),
    [
        ('[pip]\nprerelease = "allow"\n', 1, "prerelease in "),
        ('[[index]]\nurl = "{url}"\ndefault = true\n', 0, "tiny/plain OK"),
    ],
)
def test_uv_s_own_configuration_counts(
    checkout: Checkout, settings: str, code: int, words: str
) -> None:
    environ = checkout.bench.environ
    url = environ.pop("UV_DEFAULT_INDEX")
    del environ["UV_NO_CONFIG"]
    file = checkout.bench.write("uv/uv.toml", settings.format(url=url))
    environ["XDG_CONFIG_HOME"] = str(file.parents[1])
    found, lines = checkout.nox("-s", SESSION)
    assert found == code, lines
    assert any(words in line for line in lines), lines


@pytest.mark.parametrize("name", sorted(set(cli.__all__) - {"RowChoice", "rows"}))
def test_a_session_can_be_loaded_first(name: str) -> None:
    command = [sys.executable, "-c", f"from stackproof import cli; cli.{name}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")

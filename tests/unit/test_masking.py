"""Passwords go from what tests said, and take no result with them."""

from __future__ import annotations

import json

import pytest

from stackproof.base.text import MOST_CHARACTERS
from stackproof.run.masking import mask_report_log, named_by_place
from stackproof.run.servers import masked
from stackproof.run.servers.info import ServerInfo

REPORT = {
    "$report_type": "TestReport",
    "nodeid": "workloads/test_db.py::test_postgres",
    "outcome": "passed",
    "user_properties": [["check", "smoke:airflow-postgres"]],
    "longrepr": {"reprcrash": {"message": "no login with {password}"}},
    "sections": [["Captured stdout call", "tried {password}"]],
}


def server(password: str) -> ServerInfo:
    return ServerInfo(name="postgres", grade="real", url=f"postgresql://u:{password}@127.0.0.1:1/d")


def told(password: str) -> str:
    return json.dumps(REPORT).replace("{password}", json.dumps(password)[1:-1]) + "\n"


def mask(log: str, info: ServerInfo) -> str:
    return mask_report_log(log, lambda text: masked(text, [info]))


def test_a_password_that_is_a_word_of_the_log_changes_no_result() -> None:
    for word in ("postgres", "passed", "1"):
        entry = json.loads(mask(told(word), server(word)))
        for key in ("$report_type", "nodeid", "outcome", "user_properties"):
            assert entry[key] == REPORT[key]
        assert entry["longrepr"]["reprcrash"]["message"] == "no login with ***"
        assert entry["sections"] == [["Captured stdout call", "tried ***"]]


def test_a_password_is_found_however_json_writes_it() -> None:
    said = 'pa"ss\\w\u00e4'
    log = mask(told(said), server("pa%22ss%5Cw%C3%A4"))
    assert json.loads(log)["sections"] == [["Captured stdout call", "tried ***"]]


def test_a_torn_last_line_goes() -> None:
    assert mask(told("secret") + '{"longrepr": "sec', server("secret")).count("\n") == 1


@pytest.mark.timeout(60)
def test_a_word_as_long_as_what_is_kept_of_a_check_is_read_once() -> None:
    word = "x" * MOST_CHARACTERS
    said = f"{word} /venv/lib/python3.11/site-packages/alpha.py:1: {word}"
    assert named_by_place(said, {}) == f"{word} site-packages/alpha.py:1: {word}"

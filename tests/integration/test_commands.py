"""A team's own commands as checks: its project installed last, its tests told one by one."""

from __future__ import annotations

import json
import re
from datetime import datetime, timezone

import pytest
from support.index import Index
from support.sessions import call
from support.shop import CASE, COMMAND, PROJECT, open_shop
from support.wheels import Release
from support.workbench import TINY, Bench, states, toml

from stackproof import cli
from stackproof.errors import MatrixError
from stackproof.installers.planning import make_plan
from stackproof.matrix.load import parse_matrix

SINCE, UNTIL = "2025-02-01T00:00:00Z", "2025-06-01T00:00:00Z"


@pytest.fixture
def shop(bench: Bench) -> Bench:
    return open_shop(bench)


def test_each_test_case_is_a_check(shop: Bench) -> None:
    verdict, evidence = shop.verify(shop.plan(COMMAND))
    assert (verdict.verdict, verdict.trouble) == ("ok", None)
    told = {check: state for check, state in states(verdict).items() if "command" in check}
    assert told == {
        "command:unit": "ok",
        f"{CASE}test_starts": "ok",
        f"{CASE}TestVersions::test_is_of_old[1]": "ok",
        f"{CASE}TestVersions::test_is_of_old[one_more]": "ok",
    }
    # What the stack is made of holds neither the project nor its test tools.
    assert evidence.freeze == {"alpha": "1.0", "beta": "1.0", "gamma": "1.1"}


def test_a_project_that_would_change_the_stack_is_refused(shop: Bench) -> None:
    shop.write("shop/pyproject.toml", PROJECT.format(needs="alpha>=2"))
    verdict, _ = shop.verify(shop.plan(COMMAND))
    found = states(verdict)
    assert (verdict.verdict, found["stage:project"]) == ("broken", "new")
    assert found["command:unit"] == "skipped"
    assert found["import:alpha"] == "ok"


def test_a_command_without_test_cases_fails_by_its_exit_code(shop: Bench) -> None:
    plain = COMMAND.replace('["pytest", "-q", "tests"]', '["python", "-c", "raise SystemExit(3)"]')
    verdict, evidence = shop.verify(shop.plan(plain.replace("junit = true\n", "")))
    assert (verdict.verdict, states(verdict)["command:unit"]) == ("broken", "new")
    assert (evidence.folder / "commands" / "unit.log").exists()


def test_a_command_that_cannot_be_started_says_so(shop: Bench) -> None:
    lost = COMMAND.replace('["pytest", "-q", "tests"]', '["no-such-program", "-q"]')
    verdict, _ = shop.verify(shop.plan(lost.replace("junit = true\n", "")))
    (said,) = (check.message for check in verdict.checks if check.id == "command:unit")
    assert said == "no-such-program cannot be started: No such file or directory"


def test_test_cases_that_are_asked_for_and_not_told_are_no_verdict(shop: Bench) -> None:
    verdict, _ = shop.verify(shop.plan(COMMAND.replace('["pytest", "-q", "tests"]', '["true"]')))
    assert verdict.verdict == "unjudged"


def test_a_command_whose_server_cannot_be_had_is_no_verdict(shop: Bench) -> None:
    verdict, _ = shop.verify(shop.plan(f'{COMMAND}servers = ["grafana"]\n'))
    assert (verdict.verdict, states(verdict)["command:unit"]) == ("unjudged", "skipped")


def test_one_test_case_can_be_asked_alone(shop: Bench) -> None:
    asked = f"{CASE}TestVersions::test_is_of_old[1]"
    matrix = parse_matrix(toml(TINY + COMMAND), file="tiny.toml")
    verdict, _ = shop.verify(make_plan(matrix, name="tiny", row="plain", only=[asked]))
    assert (verdict.verdict, states(verdict)) == ("ok", {asked: "ok"})
    shop.write("shop/tests/test_shop.py", "import nothing_of_this_name\n")
    verdict, _ = shop.verify(make_plan(matrix, name="tiny", row="plain", only=[asked]))
    assert (verdict.verdict, states(verdict)[asked]) == ("broken", "new")


def test_a_row_with_commands_is_locked_without_what_they_need(shop: Bench) -> None:
    assert call(cli.lock, shop.project, ("plain",), shop.environ) == ""
    lock = shop.root / "reports" / "tiny" / "plain" / "requirements.txt"
    locked = re.findall(r"^([a-z-]+)==", lock.read_text(encoding="utf-8"), re.MULTILINE)
    assert locked == ["alpha", "beta", "gamma"]


def test_a_break_is_found_test_case_by_test_case(shop: Bench, index: Index) -> None:
    uploaded = datetime(2025, 3, 15, 10, tzinfo=timezone.utc)
    index.add(Release("gamma", "2.0", uploaded=uploaded))
    dates = ("--since", SINCE, "--until", UNTIL)
    assert call(cli.timeline, shop.project, ("plain", *dates), shop.environ) == ""
    file = shop.root / "reports" / "tiny" / "plain" / "timeline.json"
    found = json.loads(file.read_text(encoding="utf-8"))
    broke = {item["id"]: item["breaks"] for item in found["checks"] if item["state"] == "broke"}
    assert set(broke) == {"command:unit", f"{CASE}TestVersions::test_is_of_old[1]"}
    for breaks in broke.values():
        (culprit,) = breaks[0]["culprits"]
        assert (culprit["name"], culprit["after"]) == ("gamma", "2.0")


def test_a_known_failure_may_be_one_test_case(shop: Bench) -> None:
    known = """
[[rows.plain.known-failures]]
check = "command:{}"
reason = "known for years"
date = 2025-01-01
"""
    shop.plan(COMMAND + known.format("unit::tests/test_shop.py::test_starts"))
    with pytest.raises(MatrixError, match="there is no command 'unti'"):
        shop.plan(COMMAND + known.format("unti::tests/test_shop.py::test_starts"))

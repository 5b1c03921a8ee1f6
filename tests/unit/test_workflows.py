"""The CI files: what they call exists, every action is pinned, and nothing runs for ever."""

from __future__ import annotations

import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from support.workbench import ROOT

from stackproof.cli.offers import rows

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
ACTION = ROOT / "action.yml"
CALLERS = [*WORKFLOWS, ROOT / "docs" / "gitlab-ci.yml", ROOT / "docs" / "monthly.sh"]

#: A shell command of a workflow, in a block or on the line itself.
_RUN = r"^ +(?:- )?run: (?:[|>]-?\n((?: {10,}.*\n)+)|(.*))"


def text(file: Path) -> str:
    return file.read_text(encoding="utf-8")


@pytest.mark.parametrize("file", [*WORKFLOWS, ACTION], ids=lambda file: file.name)
def test_every_action_is_pinned_by_its_commit_and_says_its_release(file: Path) -> None:
    used = [line for line in re.findall(r"uses: (.*)", text(file)) if not line.startswith("$/")]
    for line in used:
        assert re.fullmatch(r"actions/[a-z-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line)
    # One action at one commit, wherever it is used.
    names = {line.partition("@")[0] for line in used}
    assert len(set(used)) == len(names)


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.name)
def test_every_job_has_an_end_and_says_what_it_may(file: Path) -> None:
    jobs = re.split(r"^  (?=\w+:$)", text(file).partition("\njobs:\n")[2], flags=re.MULTILINE)[1:]
    # A job that calls a workflow of ours has its end there.
    assert len(jobs) == len(re.findall(r"^    (?:runs-on|uses): ", text(file), re.MULTILINE))
    for job in jobs:
        assert re.search(r"^    (?:timeout-minutes: \S|uses: \$/)", job, re.MULTILINE)
        assert re.search(r"^    permissions:( #.*)?$", job, re.MULTILINE)
    assert "\npermissions: {}\n" in text(file)


def test_what_others_write_reaches_no_shell() -> None:
    for file in [*WORKFLOWS, ACTION]:
        runs = re.findall(
            r"^ +(?:- )?run: (?:[|>]-?\n((?: {8,}.*\n)+)|(.*))", text(file), re.MULTILINE
        )
        assert runs or file.name == "compatibility.yml"
        assert not [run for run in runs if "${{" in "".join(run)]


def test_every_step_that_is_called_exists() -> None:
    called = {
        step for file in CALLERS for step in re.findall(r"nox -s monthly -- (\w+)", text(file))
    }
    described = set(
        re.findall(r"^\| `nox -s monthly -- (\w+)", text(ROOT / "docs/monthly.md"), re.MULTILINE)
    )
    assert called == described == {"jobs", "run", "merge", "comment", "news", "fix", "history"}


def test_a_repository_s_own_workflow_calls_the_one_that_ours_calls() -> None:
    written = text(ROOT / "src" / "stackproof" / "cli" / "templates" / "workflow.yml")
    (called,) = re.findall(r"uses: REPOSITORY/(.*)@REVISION", written)
    assert f"uses: $/{called}\n" in text(ROOT / ".github" / "workflows" / "compatibility.yml")
    assert "\n  workflow_call:\n" in text(ROOT / called)


@pytest.mark.parametrize(
    ("words", "code", "calls", "verdict"),
    [
        ("audit ", 0, ["audit"], "ok"),
        ("audit tiny", 1, ["audit tiny"], "broken"),
        ("lock tiny/plain", 2, ["lock tiny/plain"], "unjudged"),
        # Of rows, the step that merges what they left hands on the verdict.
        ("verify tiny", 1, ["monthly jobs --rows=tiny", "monthly merge"], None),
        ("verify ", 0, ["monthly jobs --rows=", "monthly run", "monthly merge"], None),
    ],
)
def test_the_action_hands_on_verdict_and_reports(
    tmp_path: Path, words: str, code: int, calls: list[str], verdict: str | None
) -> None:
    session, _, names = words.partition(" ")
    script = text(ACTION).rpartition("      run: |\n")[2].replace("\n        ", "\n").lstrip()
    fake = tmp_path / "stackproof"
    fake.write_text(f'#!/bin/sh\necho "$*" >> calls\nexit {code}\n', encoding="utf-8")
    fake.chmod(0o755)
    output = tmp_path / "output"
    output.touch()
    environ = {"PATH": f"{tmp_path}:/usr/bin:/bin", "SESSION": session, "NAMES": names}
    done = subprocess.run(
        ["/bin/bash", "-e", "-c", script],
        cwd=tmp_path,
        env={**environ, "GITHUB_OUTPUT": str(output)},
        check=False,
    )
    assert done.returncode == code
    assert (tmp_path / "calls").read_text(encoding="utf-8").splitlines() == calls
    told = f"verdict={verdict}\nreports=reports\n" if verdict else ""
    assert output.read_text(encoding="utf-8") == told


_GH = """#!{python}
import sys
from pathlib import Path
words = sys.argv[1:]
Path("../calls").open("a").write(" ".join(words[:2]) + chr(10))
if words[:2] == ["pr", "list"]:
    print({open})
sys.exit("not allowed" if words[:2] == {refused} else 0)
"""


@pytest.mark.parametrize(
    ("already", "refused", "calls"),
    [
        (0, None, ["auth setup-git", "pr list", "pr create"]),
        (0, ["pr", "create"], ["auth setup-git", "pr list", "pr create"]),
        (1, None, ["auth setup-git", "pr list", "pr edit"]),
    ],
    ids=["opened", "refused", "open already"],
)
def test_fixes_are_proposed_on_a_branch_of_their_own(
    tmp_path: Path, already: int, refused: list[str] | None, calls: list[str]
) -> None:
    workflow = text(ROOT / ".github" / "workflows" / "prove.yml")
    step = workflow.partition("- name: Propose what it changed")[2]
    block = re.search(r"run: \|\n((?: {10}.*\n)+)", step)
    assert block is not None
    script = textwrap.dedent(block[1])
    put(tmp_path, "gh", _GH.format(python=sys.executable, open=already, refused=refused))
    here, origin = tmp_path / "checkout", tmp_path / "origin"
    environ = {"PATH": f"{tmp_path / '.venv/bin'}:/usr/bin:/bin", "HOME": str(tmp_path)}
    environ |= {"BASE": "main", "TITLE": "Fix it", "GIT_CONFIG_GLOBAL": str(tmp_path / "config")}

    def run(*command: str, cwd: Path = here) -> str:
        done = subprocess.run(command, cwd=cwd, env=environ, check=True, capture_output=True)
        return done.stdout.decode()

    (here / "matrices").mkdir(parents=True)
    (here / "matrices" / "tiny.toml").write_text("a = 1\n", encoding="utf-8")
    run("git", "init", "--quiet", "--bare", str(origin), cwd=tmp_path)
    for words in ("init -q -b main", "add .", "-c user.name=a -c user.email=a@b commit -qm one"):
        run("git", *words.split())
    run("git", "remote", "add", "origin", str(origin))
    run("/bin/bash", "-e", "-c", script)
    assert not (tmp_path / "calls").exists()
    # The history came with the reports, and is no part of a fix.
    (here / "history.jsonl").write_text("{}", encoding="utf-8")
    (here / "matrices" / "tiny.toml").write_text("a = 2\n", encoding="utf-8")
    said = run("/bin/bash", "-e", "-c", script)
    assert said.startswith("::notice::") == (refused is not None)
    assert ("not allowed" in said) == (refused is not None)
    assert (tmp_path / "calls").read_text(encoding="utf-8").splitlines() == calls
    changed = run("git", "show", "--format=", "--name-only", "stackproof-fixes", cwd=origin)
    assert changed.split() == ["matrices/tiny.toml"]
    # What somebody adds to the branch is not pushed away.
    run(
        "git",
        *[
            "-c",
            "user.name=a",
            "-c",
            "user.email=a@b",
            "commit",
            "-q",
            "--allow-empty",
            "-m",
            "mine",
        ],
    )
    run("git", "push", "-q", "origin", "stackproof-fixes")
    mine = run("git", "rev-parse", "stackproof-fixes", cwd=origin)
    run("git", "switch", "-q", "main")
    run("git", "branch", "-q", "-D", "stackproof-fixes")
    (here / "matrices" / "tiny.toml").write_text("a = 3\n", encoding="utf-8")
    assert "Somebody else" in run("/bin/bash", "-e", "-c", script)
    assert run("git", "rev-parse", "stackproof-fixes", cwd=origin) == mine


def test_the_hook_for_pre_commit_is_a_command_of_ours() -> None:
    hook = text(ROOT / ".pre-commit-hooks.yaml")
    assert re.findall(r"^  entry: (\S+) ", hook, re.MULTILINE) == ["stackproof"]


def test_the_pipeline_for_gitlab_names_every_row_with_its_python() -> None:
    pairs = re.findall(r'- PYTHON: "(.*)"\n +ROW: (.*)', text(ROOT / "docs" / "gitlab-ci.yml"))
    named = {row: python for python, names in pairs for row in re.findall(r"[^\[\], ]+", names)}
    every = rows(ROOT / "matrices")
    unasked = {row.file for row in every if row.default}
    assert named == {str(row): row.python for row in every if row.file in unasked}


def put(checkout: Path, name: str, script: str) -> None:
    """Put a command into the checkout's virtual environment."""
    file = checkout / ".venv" / "bin" / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(script, encoding="utf-8")
    file.chmod(0o755)


def cron(checkout: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    """Do what cron does once a month."""
    return subprocess.run(
        ["/bin/sh", str(ROOT / "docs" / "monthly.sh")],
        cwd=checkout,
        env={"PATH": "/usr/bin:/bin", **environ},
        capture_output=True,
        text=True,
        check=False,
    )


_NOX = """#!{python}
import sys
from pathlib import Path
Path("calls").open("a").write(" ".join(sys.argv[1:]) + chr(10))
Path("reports/news.md").write_text({news!r})
print("said by", sys.argv[-1])
sys.exit({failing!r} in sys.argv)
"""


@pytest.mark.parametrize(
    ("news", "failing", "code", "told"),
    [
        ("", "nothing", 0, ""),
        ("# a row BROKEN\n", "nothing", 0, "# a row BROKEN\n"),
        ("", "run", 0, ""),
        ("", "calibrate", 0, ""),
        ("", "jobs", 1, "said by jobs\n"),
        ("", "merge", 1, "said by jobs\nsaid by run\nsaid by calibrate\nsaid by merge\n"),
    ],
)
def test_cron_says_what_is_news_and_nothing_else(
    tmp_path: Path, news: str, failing: str, code: int, told: str
) -> None:
    put(tmp_path, "nox", _NOX.format(python=sys.executable, news=news, failing=failing))
    ran = cron(tmp_path)
    assert (ran.returncode, ran.stdout, ran.stderr) == (code, told, "")
    steps = [
        "monthly -- jobs",
        "monthly -- run",
        "calibrate",
        "monthly -- merge",
        "monthly -- news",
    ]
    ended = {"jobs": 0, "merge": 3}.get(failing, 4)
    calls = (tmp_path / "calls").read_text(encoding="utf-8").splitlines()
    assert calls == [f"-s {step}" for step in steps[: ended + 1]]


def test_cron_mails_to_whoever_is_named(tmp_path: Path) -> None:
    put(tmp_path, "nox", _NOX.format(python=sys.executable, news="# BROKEN\n", failing="nothing"))
    put(tmp_path, "mail", '#!/bin/sh\nprintf "%s|" "$@" > mailed\ncat >> mailed\n')
    ran = cron(tmp_path, MAILTO="team@example.org")
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")
    mailed = (tmp_path / "mailed").read_text(encoding="utf-8")
    assert mailed == "-s|stackproof: news|team@example.org|# BROKEN\n"

"""`nox -s monthly`: what a scheduled run on any CI engine calls, one step at a time."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path

import nox
from rich.console import Console

from stackproof.base.invocation import typed
from stackproof.base.json_text import to_json
from stackproof.base.records import write_atomically
from stackproof.ci.conclusion import conclude, read_issue_texts
from stackproof.ci.file_tracker import FileTracker
from stackproof.ci.fixes import fixes_text, write_fixes
from stackproof.ci.github import GitHub
from stackproof.ci.gone import gone_texts
from stackproof.ci.jobs import Job, Jobs, Task, jobs_file, make_jobs
from stackproof.ci.listing import Listed, choose, list_rows, scheduled, tasks_of, trials_of
from stackproof.ci.merging import merge_reports
from stackproof.ci.outcome import outcomes, overall
from stackproof.ci.running import run_job
from stackproof.ci.unexpected import Action, Tracker, decide
from stackproof.cli.nox_session import console, ends_in_words, environ
from stackproof.cli.options import Options
from stackproof.errors import StackproofError
from stackproof.evidence.history.file import add_missing, read_history
from stackproof.evidence.layout import Project
from stackproof.evidence.reports import InReports
from stackproof.index.request import parse_request

__all__ = ["monthly"]

#: For what a machine does before and after its job: Pythons, caches, evidence handed on.
_MINUTES_AROUND = 15


@ends_in_words("exit 2")
def monthly(session: nox.Session, project: Project) -> None:
    """Take the step that stands behind `--`: jobs, run, merge, news, comment, fix or history."""
    screen = console()
    given = _options(session.posargs)
    project = replace(project, environ=environ(session))
    steps = _Steps(project=project, given=given, screen=screen)
    take: dict[str, Callable[[], int]] = {
        "jobs": steps.jobs,
        "run": steps.run,
        "merge": steps.merge,
        "news": steps.news,
        "comment": steps.comment,
        "fix": steps.fix,
        "history": steps.history,
    }
    code = take[given.step]()
    if code:
        session.error(f"exit {code}")


def _options(posargs: list[str]) -> argparse.Namespace:
    options = Options("monthly")
    steps = options.add_subparsers(dest="step", required=True, parser_class=_StepOptions)
    jobs = steps.add_parser("jobs")
    jobs.add_argument("--rows", type=_words, default=[], metavar="'ROW ...'")
    jobs.add_argument("--candidate", type=_words, default=[], metavar="'NAME==VERSION ...'")
    steps.add_parser("run").add_argument("job", nargs="?", metavar="JOB|MATRIX/ROW")
    steps.add_parser("merge").add_argument("folder", nargs="?", type=Path, metavar="FOLDER")
    news = steps.add_parser("news")
    news.add_argument("--tracker", choices=["github", "file"], default="file")
    news.add_argument("--dry-run", action="store_true")
    comment = steps.add_parser("comment")
    comment.add_argument("number", type=int, metavar="PULL-REQUEST")
    steps.add_parser("fix")
    steps.add_parser("history").add_argument("file", type=Path, metavar="FILE.jsonl")
    return options.parse_args(posargs)


class _StepOptions(Options):
    """The options of one step, whose usage argparse names itself."""

    def __init__(self, *, prog: str, **_: object) -> None:
        super().__init__("monthly")
        self.prog = prog


def _words(text: str) -> list[str]:
    """Return the words of an input that may be empty, as a form on a web page leaves it."""
    return text.replace(",", " ").split()


@dataclass(frozen=True, kw_only=True)
class _Steps:
    """The steps of a monthly run; each returns the exit code of its session."""

    project: Project
    given: argparse.Namespace
    screen: Console

    @property
    def reports(self) -> Path:
        return self.project.reports

    def jobs(self) -> int:
        """List the jobs, for this checkout and for the CI engine."""
        listed = datetime.now(timezone.utc)
        found = make_jobs(self._tasks(), listed)
        found.write(jobs_file(self.reports))
        fan = [_fan(job) for job in found.jobs]
        self._append("GITHUB_OUTPUT", f"jobs={json.dumps(fan)}\nany={json.dumps(bool(fan))}\n")
        for job in found.jobs:
            self._say(f"{job.id}  {job.name}")
        return 0

    def _tasks(self) -> tuple[Task, ...]:
        """Return the tasks asked for: trials if there are upgrades to try, else proofs of rows."""
        rows = list_rows(self.project.root, self.project.environ)
        requests = [str(parse_request(text)) for text in self.given.candidate]
        names = self.given.rows
        if requests:
            return trials_of(choose(rows, names) if names else _verified(rows), requests)
        return tasks_of(choose(rows, names) if names else scheduled(rows))

    def run(self) -> int:
        """Carry out a job of the list, or all; 1 for an unexpected result, 2 for one not judged."""
        listed = self._list()
        jobs = listed.jobs if self.given.job is None else (listed.job(self.given.job),)
        codes = {end.exit for job in jobs for end in run_job(job, self.project, self._show)}
        return 1 if 1 in codes else 2 if codes - {0} else 0

    def merge(self) -> int:
        """Bring together what the jobs left, and write page, summary, JUnit and stories."""
        merge_reports(self.reports, self.given.folder)
        where = _where(self.project.environ)
        jobs = self._list()
        text = conclude(jobs, self.reports, self.project.matrices, where)
        verdict, shown = overall(outcomes(jobs, self.reports)), self.project.shown(self.reports)
        self._append("GITHUB_OUTPUT", f"verdict={verdict}\nreports={shown}\n")
        self._append("GITHUB_STEP_SUMMARY", text)
        self._say(text)
        return 0

    def news(self) -> int:
        """Open, comment on and close issues; leave what was said in a file, empty for silence."""
        tracker = self._tracker()
        stories, issues = read_issue_texts(self.reports), tracker.open_issues()
        left = {issue.row for issue in issues} - {story.row for story in stories}
        gone = gone_texts(sorted(left), matrices=self.project.matrices, reports=self.reports)
        actions = decide((*stories, *gone), issues)
        data = [action.to_data() for action in actions]
        write_atomically(self.reports / InReports.NEWS, to_json({"format": 1, "actions": data}))
        write_atomically(self.reports / InReports.NEWS_PAGE, "\n".join(map(_told, actions)))
        for action in actions:
            if not self.given.dry_run:
                tracker.carry_out(action)
            self._say(f"{action.what}: {action.title}")
        return 0

    def comment(self) -> int:
        """Write what the merged run came to as the one comment of ours on a pull request."""
        file = self.reports / InReports.COMMENT
        if not file.exists():
            raise StackproofError(f"there is no comment; run `{typed('monthly', 'merge')}` first")
        text = file.read_text(encoding="utf-8")
        done = GitHub(self.project.environ).keep_comment(self.given.number, text)
        self._say(f"the comment on pull request {self.given.number} is {done}")
        return 0

    def fix(self) -> int:
        """Write the fixes that diagnoses of the merged run found into the matrices here."""
        today = datetime.now(timezone.utc).date()
        found = write_fixes(outcomes(self._list(), self.reports), self.project, today)
        text = fixes_text(found, _where(self.project.environ))
        write_atomically(self.reports / InReports.FIXES_PAGE, text)
        self._append("GITHUB_STEP_SUMMARY", text)
        for fix in found:
            self._say(f"{fix.row}: {fix.trouble or 'its fix is in the matrix'}")
        return 0

    def history(self) -> int:
        """Add the runs of another history file to this checkout's."""
        count = add_missing(self.reports / InReports.HISTORY, read_history(self.given.file))
        self._say(f"{count} run(s) added to the history")
        return 0

    def _tracker(self) -> Tracker:
        if self.given.tracker == "github":
            return GitHub(self.project.environ)
        return FileTracker(self.reports / InReports.ISSUES)

    def _list(self) -> Jobs:
        file, listing = jobs_file(self.reports), typed("monthly", "jobs")
        if not file.exists():
            raise StackproofError(f"there is no list of jobs; run `{listing}` first")
        return Jobs.load(file, f"run `{listing}` again")

    def _append(self, variable: str, text: str) -> None:
        """Add text to the file that the CI engine names in a variable, if it names one."""
        name = self.project.environ.get(variable)
        if name:
            with Path(name).open("a", encoding="utf-8") as file:
                file.write(text)

    def _show(self, text: str) -> None:
        self.screen.print(text, end="", markup=False, highlight=False, soft_wrap=True)

    def _say(self, text: str) -> None:
        self.screen.print(text, markup=False, highlight=False, soft_wrap=True)


def _verified(rows: Sequence[Listed]) -> tuple[Listed, ...]:
    """Return the rows that upgrades are tried of where none is named, as `candidate` does."""
    found = tuple(item for item in rows if item.row.endswith("/verified"))
    if not found:
        raise StackproofError("there is no row 'verified'; name rows with --rows")
    return found


def _fan(job: Job) -> dict[str, object]:
    """Return what a CI engine must know of a job to give it a machine for long enough."""
    pythons, minutes = "\n".join(job.pythons), job.minutes + _MINUTES_AROUND
    return {"id": job.id, "name": job.name, "pythons": pythons, "minutes": minutes}


def _where(environ: Mapping[str, str]) -> str | None:
    """Return the address of the run that GitHub or GitLab makes, by what they say of it."""
    run = environ.get("GITHUB_RUN_ID")
    if run is None:
        return environ.get("CI_PIPELINE_URL")
    return f"{environ['GITHUB_SERVER_URL']}/{environ['GITHUB_REPOSITORY']}/actions/runs/{run}"


def _told(action: Action) -> str:
    return f"# {action.title}\n\n{action.body}"

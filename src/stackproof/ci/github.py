"""Issues on GitHub, through its own command line tool `gh`; texts go in by standard input."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import unquote

from stackproof.ci.pull_request import COMMENT
from stackproof.ci.told import MARK
from stackproof.ci.unexpected import Action, OpenIssue
from stackproof.errors import CannotJudgeError

__all__ = ["GitHub"]

LABEL = "stackproof"
_SECONDS = 60
_MOST_ISSUES = "1000"
#: What is asked of comments: those that apps wrote, a line of JSON each.
_COMMENTS = '.[] | select(.user.type == "Bot") | {id, body} | tojson'


class GitHub:
    """The issues of the repository that `gh` finds itself in, or that GH_REPO names."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = dict(environ)

    def open_issues(self) -> Sequence[OpenIssue]:
        """Return the open issues with our label that bear our mark, the oldest first."""
        fields = "number,author,body,comments"
        listed = self._gh(
            "issue", "list", "--label", LABEL, "--state", "open", "--limit", _MOST_ISSUES,
            "--json", fields,
        )  # fmt: skip
        return sorted(_marked(json.loads(listed)), key=lambda issue: issue.number)

    def carry_out(self, action: Action) -> None:
        """Open, comment on or close an issue."""
        if action.what == "open":
            self._gh("label", "create", LABEL, "--force", "--description", "Told by stackproof")
            title = ("--title", action.title)
            self._gh(
                "issue", "create", *title, "--label", LABEL, "--body-file", "-", text=action.body
            )
            return
        number = str(action.number)
        self._gh("issue", "comment", number, "--body-file", "-", text=action.body)
        if action.what == "close":
            self._gh("issue", "close", number)

    def keep_comment(self, number: int, text: str) -> str:
        """Have a pull request bear one comment of ours, with this text; say what was done for it.

        Only what an app wrote is taken for ours, as a workflow's token is one: a mark that somebody
        copied into a comment of their own is none.
        """
        comments = f"repos/{{owner}}/{{repo}}/issues/{number}/comments"
        listed = self._gh("api", "--paginate", comments, "--jq", _COMMENTS)
        own = [item for item in map(json.loads, listed.splitlines()) if _is_ours(item["body"])]
        if not own:
            self._gh("api", "--method", "POST", comments, "--field", "body=@-", text=text)
            return "written"
        if own[0]["body"].strip() == text.strip():
            return "left, since it says the same"
        comment = f"repos/{{owner}}/{{repo}}/issues/comments/{own[0]['id']}"
        self._gh("api", "--method", "PATCH", comment, "--field", "body=@-", text=text)
        return "brought up to date"

    def _gh(self, *arguments: str, text: str = "") -> str:
        tool = shutil.which("gh", path=self._environ.get("PATH"))
        if tool is None:
            raise CannotJudgeError("gh is not installed; keep the issues with --tracker file")
        try:
            answer = subprocess.run(
                [tool, *arguments],
                env=self._environ,
                input=text,
                capture_output=True,
                text=True,
                timeout=_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise CannotJudgeError(f"gh {arguments[0]} {arguments[1]} does not answer") from error
        if answer.returncode != 0:
            raise CannotJudgeError(f"gh {arguments[0]} {arguments[1]}: {answer.stderr.strip()}")
        return answer.stdout


def _marked(issues: list[dict[str, Any]]) -> Iterator[OpenIssue]:
    for issue in issues:
        row, told = _last_told(issue)
        if row is not None:
            yield OpenIssue(number=issue["number"], row=row, told=told)


def _last_told(issue: dict[str, Any]) -> tuple[str | None, str]:
    """Return row and digest of the last mark, reading only what the issue's own author wrote."""
    # gh writes "app/" before an app's name where it opened an issue, but not where it commented.
    author = issue["author"]["login"].removeprefix("app/")
    own = [item["body"] for item in issue["comments"] if item["author"]["login"] == author]
    opening = MARK.search(issue["body"])
    if opening is None:
        return None, ""
    marks = [found for text in own if (found := MARK.search(text))]
    return unquote(opening["row"]), [opening, *marks][-1]["digest"]


def _is_ours(body: str) -> bool:
    found = MARK.search(body)
    return found is not None and found["row"] == COMMENT

"""Tell apart why an installer failed: the stack refused to be installed, or something else did.

A stage that cannot be resolved or built is a verdict on the stack. An index that does not answer, a
full disk, a missing compiler or a killed process is none. The installers' exit codes do not tell
these apart: uv ends with 1 both for a conflict and for a refused login, and pip backtracks to an
older version, and ends with 0, where the page of a dependency cannot be had. So their words are
read, also after success, and what is not known to be a refusal is never counted as one. The words
were collected by running uv 0.8.4 and 0.13.9, pip 26.0 and 26.3 against an index that misbehaves;
tests/integration repeats that.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import chain

from stackproof.base.disk import NO_ROOM_WORDS
from stackproof.base.process import Finished
from stackproof.evidence.records import Built, FailureKind
from stackproof.evidence.worded import of_stage
from stackproof.installers.failed_builds import FailedBuild, failed_build
from stackproof.installers.known import INSTALLERS
from stackproof.installers.refusal import refusal, release_of, tells_facts
from stackproof.reasons.common import quoted
from stackproof.reasons.reason import Reason, reason
from stackproof.reasons.words import in_words

__all__ = [
    "cause",
    "classify",
    "explain",
    "headline",
    "missed_pages",
    "with_build_output",
    "yank_warnings",
]


#: The kinds that are told by what is said. The first of which a pattern is found counts: a resolver
#: that lacks a page says both that it could not fetch it and that there is no solution.
_TOLD: tuple[FailureKind, ...] = ("disk", "upload-times", "index", "refused")
_SAID: dict[FailureKind, str] = {
    kind: "|".join(
        chain(
            NO_ROOM_WORDS if kind == "disk" else (),
            *(installer.failures.get(kind, ()) for installer in INSTALLERS.values()),
        )
    )
    for kind in _TOLD
}
#: Kinds that spoil an installation although the installer calls it a success.
_SPOILING = ("disk", "upload-times", "index")
_WHYS: dict[FailureKind, Reason] = {
    "refused": reason("not-as-documented"),
    "index": reason("index-silent"),
    "upload-times": reason("no-upload-times"),
    "disk": reason("disk-full"),
    "machine": reason("build-lacks"),
    "unknown": reason("installer-failed"),
}
#: What `_unbuilt` says.
_UNBUILT = re.compile(
    r"(?P<release>\S+(?: \S+)?|a release) cannot be built(?:: (?P<said>.*?))?"
    r"(?: \(with (?P<others>[^()]*)\))?"
)
#: What stands in pip's debug log between the start and the failed end of a build's command.
_BUILD_OUTPUT = re.compile(
    r"Running command [^\n]*\n((?:(?!.*Running command )[^\n]*\n)*?)[^\n]* exited with "
)
_TIME = re.compile(r"^\S+ +", re.MULTILINE)
_MISSED = re.compile("Could not fetch URL|uv_client::registry_client ")
_YANKED = re.compile(r"is yanked|is a yanked version|Reason for being yanked: ")
#: uv before 0.9 draws its causes as a tree and wraps them at 80 columns.
_LAYOUT = re.compile(r"[\s×├╰│─▶]+")  # noqa: RUF001 - the signs that uv draws with


def classify(words: str, finished: Finished) -> FailureKind | None:
    """Return why an installer call failed by what it wrote and how it ended; None if it did not."""
    text = _LAYOUT.sub(" ", words)
    found = next((kind for kind, said in _SAID.items() if re.search(said, text)), None)
    if finished.succeeded:
        return found if found in _SPOILING else None
    if found != "disk" and (finished.timed_out or finished.exit < 0):
        return "stopped"
    build = failed_build(words) if found == "refused" else None
    return "machine" if build and build.lacking else found or "unknown"


def missed_pages(debug: str) -> str:
    """Return what a debug log says of index pages that could not be had."""
    lines = (line for line in debug.splitlines() if _MISSED.search(line))
    return "\n".join(lines)


def yank_warnings(words: str) -> list[str]:
    """Return what an installer says of yanked releases that it installed: it only warns of them."""
    return [line.strip() for line in words.splitlines() if _YANKED.search(line)]


def with_build_output(words: str, debug_log: str) -> str:
    """Return pip's words with what a failed build said, which pip puts only in its debug log."""
    found = _BUILD_OUTPUT.findall(debug_log)
    said = _TIME.sub("", found[-1]).strip() if found else ""
    return words.replace("No available output.", said) if said else words


def explain(
    kind: FailureKind,
    words: str,
    finished: Finished,
    *,
    facts: Sequence[str] = (),
    built: Sequence[Built] = (),
) -> str:
    """Return one message: what kind of failure it was, then the installer's own words.

    `facts` are lines that go before those; `built` is what was built, or failed to be.
    """
    build = failed_build(words) if kind in ("machine", "refused") else None
    if kind == "stopped":
        head = in_words(reason("installer-stopped", how=finished.describe()))
    elif build is not None and build.lacking and kind == "machine":
        head = in_words(reason("build-needs-here", release=build.shown, what=build.lacking))
    else:
        head = in_words(_WHYS[kind])
    if build is not None and kind == "refused":
        facts = [*facts, in_words(_unbuilt(build, built))]
    return "\n".join([head, *facts, _last_words(words)]).rstrip()


def _unbuilt(build: FailedBuild, built: Sequence[Built]) -> Reason:
    """Say which release cannot be built and why, and with what that was tried."""
    tried = next((item for item in built if build.names(item.name, item.version)), None)
    shown = f"{tried.name} {tried.version}" if tried else release_of(build)
    there = ", ".join(f"{name} {at}" for name, at in tried.requires.items()) if tried else ""
    return _cannot_be_built(shown, build.why, there)


def _cannot_be_built(release: str | Reason, said: str, others: str) -> Reason:
    why = reason("cannot-be-built", release=release)
    if said:
        why = reason("cannot-be-built-since", release=release, said=said)
    return reason("with-others", why=why, others=others) if others else why


def headline(message: str) -> Reason:
    """Return how such a message begins, which says what kind of failure it is."""
    first = message.strip().partition("\n")[0].strip()
    return of_stage(first) or quoted(first)


def cause(message: str) -> Reason:
    """Return what the installer says in such a message: a requirement, or how its error begins."""
    words = message.partition("\n")[2]
    lines = (_LAYOUT.sub(" ", line).strip() for line in words.splitlines())
    if tells_facts(words):
        return refusal(words)
    first = next(filter(None, lines), "")
    if match := _UNBUILT.fullmatch(first):
        release = match["release"]
        shown = reason("a-release") if release == "a release" else release
        return _cannot_be_built(shown, match["said"] or "", match["others"] or "")
    return quoted(first.removeprefix("error: "))


def _last_words(words: str, lines: int = 15) -> str:
    """Return the installer's words from where its error begins, or else its last lines.

    A failed build says at its end why it failed, and before that much else.
    """
    text = words.rstrip().splitlines()
    begin = next(
        (
            number
            for number, line in enumerate(text)
            if re.match(r"error:|ERROR:|  ×", line)  # noqa: RUF001 - the sign that uv draws
        ),
        max(0, len(text) - lines),
    )
    said = text[begin:]
    if len(said) > lines and failed_build(words) is not None:
        first = lines // 3
        said = [*said[:first], "[...]", *said[first - lines + 1 :]]
    return "\n".join(said[:lines])

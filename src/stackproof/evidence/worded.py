"""What a run wrote down in words of ours alone, as records: its suite knows none.

What is not ours stays as it is: a traceback, versions, what an installer says.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

from stackproof.evidence.records import CheckResult
from stackproof.reasons.reason import Reason, reason
from stackproof.reasons.recognised import recognised
from stackproof.reasons.words import in_words

__all__ = ["of_complaints", "of_error", "of_server", "of_stage", "of_trouble", "with_why"]

_FAILED, _IMPORT, _UNREACHED = "Failed: ", "import ", "not reached: "
_WORD, _LINE = r"\S+", r"[^\n]+"
#: What `tests/stack/test_versions.py` says.
_OF_VERSIONS = (
    reason("not-there", name=_WORD, asked=_LINE),
    reason("other-there", release=r"\S+ \S+", asked=_LINE),
    reason("module-says", module=_WORD, own=_LINE, installed=_WORD),
)
_ANY = (reason("any-version"),)
#: What a process is called that did not go well, beside the name of a module.
_PROCESSES = (reason("process-end"), reason("workload-process"))
_WHAT = "|".join([_WORD, *map(in_words, _PROCESSES)])
#: How an import goes wrong, or the process of a workload.
_ENDED = (
    reason("crashed", what=_WHAT, signal=r"\w+"),
    reason("hung", what=_WHAT, seconds=_WORD),
    reason("ended-process", what=_WHAT, said=_LINE),
    reason("ended-early", what=_WHAT, code=_WORD),
    reason("ended-after", what=_WHAT, code=_WORD),
)
_OF_IMPORTS = (
    *_ENDED,
    reason("what-failed", what=_WHAT, said=_LINE),
    reason("no-module", name=_WORD),
    reason("shadowed", module=_WORD, file=_WORD, other=_LINE, own=_WORD, name=_LINE),
)
#: What stands below the lines of modules: in which order, and after which other one.
_OF_ORDERS = (
    reason("documented-order"),
    reason("reverse-order"),
    reason("two-by-two"),
    reason("fails-after", second=_WORD, first=_WORD),
    reason("ends-after", second=_WORD, first=_WORD),
)
_NO_PROGRAM = (reason("no-nvidia-smi"),)
_OF_SERVERS = (
    reason("no-gpu", why=_LINE),
    reason("no-such-server", name=_WORD),
    reason("server-unavailable", name=_WORD),
)
_OF_PIP_CHECK = (
    reason("extra-asked", pin=r"\S+ \S+", missing=_LINE),
    reason("extra-needs-absent", pin=r"\S+\[\S+\] \S+", requirement=_WORD),
    reason("extra-needs-other", pin=r"\S+\[\S+\] \S+", requirement=_WORD, version=_WORD),
)
_EXTRAS = (
    reason("no-extra", missing=_WORD, has=_LINE),
    reason("no-extras", missing=_LINE, has=_LINE),
)
_OF_STAGES = (
    reason("not-as-documented"),
    reason("index-silent"),
    reason("no-upload-times"),
    reason("disk-full"),
    reason("build-lacks"),
    reason("installer-failed"),
    reason("build-needs-here", release=_LINE, what=_LINE),
    reason("installer-stopped", how=_LINE),
)
_STOPPED = (
    reason("was-killed", signal=_LINE),
    reason("out-of-time", seconds=_WORD),
    reason("ended-with", code=_WORD),
)
_OF_COMMANDS = (*_STOPPED, reason("cases-failed", how="[^:]+", number=_WORD, cases=_LINE))
_UNTOLD = (
    reason("pairs-untold", seconds=_WORD, pairs=_LINE),
    reason("no-room", said=_LINE),
    reason("guard-killed"),
)
_OF_RUNS = (
    reason("interrupted-during", part=_LINE),
    reason("suite-changed-stack"),
    reason("files-altered", files=_LINE, command="[^`]+"),
    reason("checks-altered-files", files=_LINE, command="[^`]+"),
    reason("suite-stopped", how=_LINE),
    reason("environment-replaced"),
)


def with_why(result: CheckResult) -> CheckResult:
    """Return an answer of the suite with its message as a record, if that is in words of ours."""
    if result.outcome == "passed" or result.why is not None:
        return result
    why = _why(result)
    # What was read is kept only if it says the same.
    same = why is not None and in_words(why) == result.message
    return result.model_copy(update={"why": why}) if same else result


def of_complaints(lines: Sequence[str]) -> Reason | None:
    """Return what `pip check` complains of as a record, if some of it is in words of ours."""
    return _of_lines(_of_complaint(line) or line for line in lines)


def of_server(words: str) -> Reason | None:
    """Return as a record why a server, or a GPU, is not to be had."""
    return _within(recognised(words, _OF_SERVERS), "why", _NO_PROGRAM)


def of_stage(line: str) -> Reason | None:
    """Return as a record how the message of a stage begins."""
    return _within(recognised(line, _OF_STAGES), "how", _STOPPED)


def of_trouble(words: str) -> Reason | None:
    """Return as a record why a run did not come to its end, if that is in words of ours."""
    first, more, rest = words.partition("\n")
    match = re.fullmatch(r"stage (\S+): (.+)", first)
    if match and (head := of_stage(match[2])):
        stage = reason("at-stage", stage=match[1], why=head)
        return _of_lines([stage, *([rest] if more else [])])
    return _within(recognised(words, _OF_RUNS), "how", _STOPPED)


def of_error(words: str) -> str | Reason:
    """Return as a record an error of the suite that says that a check has no answer, or itself."""
    match = re.fullmatch(r"(?:(\S+): )?(\S+) has no answer: (.+)", words, re.DOTALL)
    if match is None:
        return words
    why = reason("no-answer", check=match[2], why=recognised(match[3], _UNTOLD) or match[3])
    return reason("of-name", name=match[1], why=why) if match[1] else why


def _why(result: CheckResult) -> Reason | None:
    words = result.message
    if result.outcome == "skipped":
        return of_server(words) if result.kind == "smoke" else None
    if result.kind == "version":
        return _failed(words, _of_version)
    if result.kind == "import":
        own, blank, rest = words.partition("\n\n")
        below = [recognised(line, _OF_ORDERS) or line for line in rest.split("\n")]
        lines = [_failed(line, _of_import) or line for line in own.split("\n")]
        return _of_lines([*lines, *(["", *below] if blank else [])])
    if result.kind in ("smoke", "command"):
        first, more, rest = words.partition("\n")
        read = _of_process if result.kind == "smoke" else _of_command
        return _of_lines([read(first) or first, *([rest] if more else [])])
    return None


def _of_lines(lines: Iterable[str | Reason]) -> Reason | None:
    """Return lines as one record, those side by side that are not ours as one of them."""
    found: list[str | Reason] = []
    for line in lines:
        if found and isinstance(line, str) and isinstance(found[-1], str):
            found[-1] = f"{found[-1]}\n{line}"
        else:
            found.append(line)
    if not any(isinstance(line, Reason) for line in found):
        return None
    return reason("each-line", whys=tuple(found))


def _failed(words: str, read: Callable[[str], Reason | None]) -> Reason | None:
    """Read words without what pytest puts before them."""
    why = read(words.removeprefix(_FAILED))
    return reason("failed", why=why) if why and words.startswith(_FAILED) else why


def _of_version(words: str) -> Reason | None:
    return _within(recognised(words, _OF_VERSIONS), "asked", _ANY)


def _of_import(words: str) -> Reason | None:
    why = _about(words.removeprefix(_IMPORT), _OF_IMPORTS)
    return reason("importing", why=why) if why and words.startswith(_IMPORT) else why


def _of_process(words: str) -> Reason | None:
    return _about(words, _ENDED) if words.startswith(in_words(_PROCESSES[1])) else None


def _of_command(words: str) -> Reason | None:
    why = _within(recognised(words.removeprefix(_UNREACHED), _OF_COMMANDS), "how", _STOPPED)
    return reason("not-reached", why=why) if why and words.startswith(_UNREACHED) else why


def _about(words: str, among: Iterable[Reason]) -> Reason | None:
    """Recognise what is said of a module or a process."""
    return _within(recognised(words, among), "what", _PROCESSES)


def _of_complaint(line: str) -> Reason | None:
    return _within(recognised(line, _OF_PIP_CHECK), "missing", _EXTRAS)


def _within(why: Reason | None, field: str, among: Iterable[Reason]) -> Reason | None:
    """Return a reason with what one of its fields says as a reason too, if it is one of some."""
    said = why.fields.get(field) if why else None
    found = recognised(said, among) if isinstance(said, str) else None
    if why is None or found is None:
        return why
    return why.model_copy(update={"fields": {**why.fields, field: found}})

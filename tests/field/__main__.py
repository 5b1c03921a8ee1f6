"""Diagnose the stacks of public bug reports, one after another: python -m field [NAME ...].

Each begins with a requirements file and a workload alone, in a folder of its own, and asks the
public index. What is said to fix it is installed once more, by uv alone.
"""

from __future__ import annotations

import argparse
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from html import unescape
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from uv import find_uv_bin

from field.cases import Case, read_cases
from field.judging import Judgement, judge, mended, shown_culprit
from stackproof.evidence.reports import InRow
from stackproof.experiments.diagnose.record import Diagnosis
from stackproof.report.tables import pipe_table

_REPORTS = Path("reports", "requirements", "documented")
_OUTPUT = "output.txt"
#: What a diagnosis that is told to end may still take, in seconds.
_ENDING = 60


def main(words: Sequence[str]) -> int:
    """Diagnose the cases that are named, or all; print a table; return 0 if all are right."""
    cases = {case.id: case for case in read_cases()}
    parser = argparse.ArgumentParser(prog="nox -s field --", allow_abbrev=False)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(cases))
    parser.add_argument("--limit", type=float, default=1200, metavar="SECONDS", help="for each")
    given = parser.parse_args(words)
    for name in set(given.names) - cases.keys():
        parser.error(f"there is no case {name!r}; there are {', '.join(cases)}")
    home = Path(tempfile.mkdtemp(prefix="stackproof-field-"))
    answers = []
    try:
        for number, name in enumerate(names := given.names or list(cases), 1):
            folder = home / name
            _say(f"{number}/{len(names)} {name}: {folder / _OUTPUT}")
            found = _diagnose(cases[name], folder, given.limit)
            judged = judge(cases[name], found, _refused(cases[name], found, folder))
            _say("\n".join([f"    {judged.grade}", *(f"    {it}" for it in judged.reasons)]))
            answers.append((cases[name], found, judged))
            if judged.grade == "right":
                shutil.rmtree(folder)
    except KeyboardInterrupt:
        _say("    interrupted")
    finally:
        _say(f"\n{_table(answers)}")
        _say(f"what is not right lies in {home}" if any(home.iterdir()) else "each is right")
    if any(home.iterdir()):
        return 1
    home.rmdir()
    return 0


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201


def _diagnose(case: Case, folder: Path, limit: float) -> Diagnosis | None:
    """Return what `diagnose` writes of a case in a folder, None if nothing."""
    folder.mkdir()
    lines = "".join(f"{line}\n" for line in case.requirements)
    (folder / "requirements.txt").write_text(lines, encoding="utf-8")
    (folder / "app.py").write_text(f"{case.workload.strip()}\n", encoding="utf-8")
    command = [str(Path(sys.executable).with_name("stackproof")), "diagnose", "requirements.txt"]
    command += ["--python", case.python, "--workload", "app.py"]
    with (folder / _OUTPUT).open("w", encoding="utf-8") as output:
        running = subprocess.Popen(
            command, cwd=folder, stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )
        try:
            running.wait(limit)
        except BaseException as error:
            running.send_signal(signal.SIGINT)
            running.wait(_ENDING)
            if not isinstance(error, subprocess.TimeoutExpired):
                raise
    return Diagnosis.load_or_none(folder / _REPORTS / InRow.DIAGNOSIS)


def _refused(case: Case, found: Diagnosis | None, folder: Path) -> str | None:
    """Install what is said to fix a case, and run its workload; return what fails, if anything."""
    if found is None or not (found.mend.found or found.instead):
        return None
    fix = found.mend
    removed = {canonicalize_name(name) for name in fix.removed}
    # Beside a fix that stands alone, other pins are another way to the same.
    alone = fix.requirements or fix.build_constraints or fix.removed or fix.python
    changed = {} if alone and fix.found else {item.pin: item.version for item in found.instead}
    lines = [*(_with(line, changed) for line in case.requirements), *fix.requirements]
    lines = [line for line in lines if canonicalize_name(Requirement(line).name) not in removed]
    constraints = folder / "build-constraints.txt"
    constraints.write_text("\n".join(fix.build_constraints), encoding="utf-8")
    environment = folder / "fixed"
    python = str(environment / "bin" / "python")
    uv = find_uv_bin()
    install = [uv, "pip", "install", "--quiet", "--python", python]
    install += ["--build-constraints", str(constraints), *lines]
    if fix.build_constraints:  # a wheel that was built earlier was built without them
        install.append("--no-cache")
    for command in (
        [uv, "venv", "--quiet", "--clear", "--python", fix.python or case.python, str(environment)],
        install,
        [uv, "pip", "check", "--quiet", "--python", python],
        [python, str(folder / "app.py")],
    ):
        ended = subprocess.run(
            command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, check=False
        )
        if ended.returncode:
            said = ended.stderr.decode(errors="replace").strip() or "it failed"
            return f"{' '.join(lines)}: {said.splitlines()[-1]}"
    return None


def _with(line: str, changed: dict[str, str]) -> str:
    """Return a line of requirements with the version that its pin is changed to, if it is."""
    requirement = Requirement(line)
    for pin, version in changed.items():
        if canonicalize_name(pin) == canonicalize_name(requirement.name):
            extras = f"[{','.join(sorted(requirement.extras))}]" if requirement.extras else ""
            return f"{requirement.name}{extras}=={version}"
    return line


def _table(answers: Sequence[tuple[Case, Diagnosis | None, Judgement]]) -> str:
    rows = []
    for case, found, judged in answers:
        if found is None:
            rows.append([case.id, "", "", "", "", judged.grade])
            continue
        causes = [f"{cause.kind} {shown_culprit(cause)}".strip() for cause in found.causes]
        work = [f"{found.seconds:.0f}", str(found.builds)]
        rows.append([case.id, ", ".join(causes), mended(found), *work, judged.grade])
    header = ["case", "cause", "mend", "seconds", "builds", "answer"]
    # No renderer reads it first, so that `<3` may stand as it is.
    return unescape(pipe_table(header, rows))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

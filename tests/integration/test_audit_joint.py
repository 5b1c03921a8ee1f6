"""Resolving a row on paper: in one go, stage by stage, and why the two differ."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from support.audit_bench import Desk, matrix_text, messages
from support.index import Fault, Index
from support.matrices import PYTHON
from support.sandbox import uv_sandbox
from support.wheels import Release

from stackproof.installers.refusal import sentence

# As in the documented stack: a first stage takes the newest plot, which wants a newer array than
# the last stage pins; resolved in one go, an older plot would be chosen.
PLOTS = (
    Release("learn", "1.0", requires=["plot", "array"]),
    Release("plot", "1.0", requires=["array>=1"]),
    Release("plot", "2.0", requires=["array>=2"]),
    Release("array", "1.0"),
    Release("array", "2.0"),
)
STAGED = matrix_text("learn==1.0", "array==1.0", stages=(("learn",), ("array",)))


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with Index(*PLOTS) as index:
        yield Desk(root=tmp_path, index=index)


def test_a_later_stage_breaks_what_an_earlier_one_brought(desk: Desk) -> None:
    found = desk.audit(STAGED)
    assert messages(found, "joint") == [
        (
            "error 17: plot 2.0 requires array>=2, but stage s2 leaves array 1.0; resolved in one "
            "go, it would be plot 1.0"
        ),
        "note 27: stage s2 downgrades array 2.0 to 1.0: the stage asks for that version",
    ]
    (joint,) = found.joint
    assert (joint.together, joint.stages, joint.left_out) == ("resolved", "resolved", ())
    assert joint.differs == {"plot": ("2.0", "1.0")}
    (broken,) = [item for item in found.findings if item.level == "error"]
    assert broken.checks == ("pip-check:plot",)
    assert found.exit_code == 1


def test_the_way_on_paper_is_the_way_of_the_installer(desk: Desk, tmp_path: Path) -> None:
    sandbox = uv_sandbox(tmp_path / "home", desk.index.url)
    for requirement in ("learn==1.0", "array==1.0"):
        assert sandbox.install(requirement).exit == 0
    found = desk.audit(STAGED)
    after = {name: before for name, (before, _) in found.joint[0].differs.items()}
    assert sandbox.installed == {"learn": "1.0", "array": "1.0"} | after


def test_what_stages_are_held_to_is_resolved_with(desk: Desk) -> None:
    def held(*lines: str) -> str:
        return STAGED.replace("step = ", f"held-to = {list(lines)}\nstep = ")

    assert messages(desk.audit(held("array<2", "nobody==9")), "joint") == []
    found = desk.audit(held("plot>=2", "array<2"))
    (joint,) = found.joint
    assert (joint.together, joint.stages) == ("refused", "refused")
    assert found.exit_code == 1


@pytest.mark.fault("R8.1")
def test_a_pin_may_name_its_version_in_other_words(desk: Desk) -> None:
    pinned = matrix_text("plot==2.0.0", "array==2")
    found = desk.audit(pinned)
    assert (messages(found, "joint"), found.exit_code) == ([], 0)


def test_who_requires_a_move_is_named(tmp_path: Path) -> None:
    releases = (
        *PLOTS,
        Release("old", "1.0", requires=["array<2"]),
        Release("array", "3.0", requires=["base<2"]),
        Release("base", "1.0"),
        Release("base", "2.0"),
        Release("new", "1.0", requires=["base>=2", "old"]),
    )
    text = matrix_text(
        "learn==1.0", "old==1.0", "new==1.0", stages=(("learn",), ("old",), ("new",))
    )
    with Index(*releases) as index:
        found = Desk(root=tmp_path, index=index).audit(text)
    assert [move.because for move in found.joint[0].moves] == [
        "old 1.0 requires array<2",
        "new 1.0 requires base>=2",
    ]


def test_a_stage_that_cannot_be_resolved_ends_the_way(desk: Desk) -> None:
    text = matrix_text("learn==1.0", "array==9.0", stages=(("array",), ("learn",)))
    found = desk.audit(text)
    assert messages(found, "joint") == [
        "error 22: stage s1 cannot be resolved: there is no array 9.0"
    ]
    assert found.joint[0].left_out == ("array 9.0",)
    assert found.joint[0].together == "resolved"


def test_pins_that_cannot_go_together_are_named_with_what_they_require(tmp_path: Path) -> None:
    releases = (
        Release("web", "1.0", requires=["middle"]),
        Release("middle", "1.0", requires=["base>=2"]),
        Release("base", "1.0"),
        Release("base", "2.0"),
    )
    with Index(*releases) as index:
        found = Desk(root=tmp_path, index=index).audit(
            matrix_text("web==1.0", "base==1.0", stages=(("web",), ("base",)))
        )
    (refused,) = [item for item in found.findings if item.checks == ("pip-check:*",)]
    # Releases of uv before 0.13 name the version too.
    assert refused.message.replace("middle 1.0", "middle") == (
        "the pins cannot be resolved in one go: middle requires base>=2 and base 1.0 is asked for"
    )


def test_what_only_pins_of_no_stage_clash_over_is_not_known_by_other_complaints(
    tmp_path: Path,
) -> None:
    releases = (
        Release("web", "1.0", requires=["middle"]),
        Release("middle", "1.0", requires=["base>=2"]),
        Release("base", "1.0"),
    )
    known = "\n".join(map(_known, ["pip-check:*", "version:web"]))
    with Index(*releases) as index:
        found = Desk(root=tmp_path, index=index).audit(
            matrix_text("web==1.0", "base==1.0", stages=(("base",),), row=known)
        )
    assert [item.pin for item in found.findings if item.known] == ["web"]
    (news,) = [item for item in found.findings if item.is_news]
    assert news.message.startswith("the pins cannot be resolved in one go: ")
    assert (news.checks, found.exit_code) == ((), 1)


def _known(check: str) -> str:
    return (
        f'[[rows.plain.known-failures]]\ncheck = "{check}"\nreason = "r"\n'
        f"date = {date.today()}"  # noqa: DTZ011 - a matrix has days, not instants
    )


def test_a_pin_that_no_stage_installs(desk: Desk) -> None:
    text = matrix_text("learn==1.0", "array==1.0", stages=(("learn",),))
    assert messages(desk.audit(text), "joint") == [
        "error 17: array is pinned to 1.0, but stage s1 leaves 2.0"
    ]
    text = matrix_text("plot==1.0", "learn==1.0", stages=(("plot",),))
    assert messages(desk.audit(text), "joint") == [
        "error 17: learn 1.0 stands among the pins, but no stage installs it"
    ]


def test_a_resolution_that_the_index_fails_is_not_judged(tmp_path: Path) -> None:
    with Index(*PLOTS) as index:
        index.fail(Fault.SERVER_ERROR, "plot")
        found = Desk(root=tmp_path, index=index).audit(STAGED)
    assert found.exit_code == 2
    (trouble,) = found.trouble
    assert trouble.startswith("tiny/plain: the resolution of learn==1.0 failed: uv ended with exit")
    assert "\n" not in trouble
    assert found.pins[0].exists == "wheel"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            (
                "Because feast==0.40.1 depends on pydantic>=2.0.0 and you require feast==0.40.1, "
                "we can conclude that you require pydantic>=2.0.0.\n And because you require "
                "pydantic==1.10.13, we can conclude that your requirements are unsatisfiable."
            ),
            "feast 0.40.1 requires pydantic>=2.0.0 and pydantic 1.10.13 is asked for",
        ),
        (
            (
                "Because dill==0.3.1.1 has no usable wheels and apache-airflow==2.10.5 depends on "
                "dill==0.3.1.1, we can conclude that apache-airflow==2.10.5 cannot be used."
            ),
            "dill 0.3.1.1 has no wheel that fits and apache-airflow 2.10.5 requires dill==0.3.1.1",
        ),
        (
            (
                "Because vision>=1.5 depends on engine==2.0 and you require engine==1.0, we can "
                "conclude that vision>=1.5 cannot be used.\n And because you require vision==1.5, "
                "we can conclude that your requirements are unsatisfiable."
            ),
            "vision 1.5 requires engine==2.0 and engine 1.0 is asked for",
        ),
        (
            (
                "Because you require base==1.0 and base==2.0, we can conclude that your "
                "requirements are unsatisfiable."
            ),
            "base 1.0 is asked for and base 2.0 is asked for",
        ),
        (
            (
                "Because alpha==1.0 depends on one of: base>=1.7,<2.0 base>2.0,<3 and you require "
                "alpha==1.0, we can conclude that you require one of: base>=1.7,<2.0 base>2.0,<3 "
                "And because you require base==2.0, we can conclude that your requirements are "
                "unsatisfiable."
            ),
            "alpha 1.0 requires one of base>=1.7,<2.0, base>2.0,<3 and base 2.0 is asked for",
        ),
        (  # with a sign of where, as uv 0.13.9 draws it
            (
                "Because model==0.31.0 has invalid metadata and you require model==0.31.0, we can "
                "conclude that your requirements are unsatisfiable.\n\nhint: Metadata for `model` "
                "(v0.31.0) could not be parsed:\n  wildcards in versions must be at the end\n  "
                "flow (!=2.0.*,!=2.2.*!=2.3.*,<3)\n         ^^^^^^^^^^^^^^\n"
            ),
            (
                "model 0.31.0 has metadata that no installer of today reads (wildcards in versions "
                "must be at the end flow (!=2.0.*,!=2.2.*!=2.3.*,<3))"
            ),
        ),
        (  # a range, as uv 0.13.9 says it
            (
                "Because all versions of flask depend on jinja2>=3.0 and you require flask==2.2.2, "
                "we can conclude that you require jinja2>=3.0.\n And because you require jinja2<3, "
                "we can conclude that your requirements are unsatisfiable."
            ),
            "flask 2.2.2 requires jinja2>=3.0 and jinja2<3 is asked for",
        ),
        (  # in the other order, with extras
            (
                "Because all versions of flask depend on jinja2>=3.0 and you require "
                "jinja2[async]<3, we can conclude that your requirements and all versions of flask "
                "are incompatible.\n And because you require flask==2.2.2, we can conclude that "
                "your requirements are unsatisfiable."
            ),
            "flask 2.2.2 requires jinja2>=3.0 and jinja2[async]<3 is asked for",
        ),
        (
            (
                "Because all versions of flask depend on jinja2>=3.0 and all versions of other "
                "depend on flask==2.2.2, we can conclude that all versions of other depend on "
                "jinja2>=3.0.\n And because you require other and jinja2<3, we can conclude that "
                "your requirements are unsatisfiable."
            ),
            "flask requires jinja2>=3.0 and jinja2<3 is asked for",
        ),
        (
            (
                "Because all versions of flask depend on jinja2>=3.0 and you require flask==2.2.2, "
                "we can conclude that you require jinja2>=3.0.\n And because you require one of:\n"
                "     jinja2>=1,<2.5\n     jinja2>2.5,<3\n we can conclude that your requirements "
                "are unsatisfiable."
            ),
            (
                "flask 2.2.2 requires jinja2>=3.0 and one of jinja2>=1,<2.5, jinja2>2.5,<3 is "
                "asked for"
            ),
        ),
        (
            (
                "Because you require jinja2<3 and jinja2>3, we can conclude that your requirements "
                "are unsatisfiable."
            ),
            "jinja2<3 is asked for and jinja2>3 is asked for",
        ),
        (  # what goes with the requirement is no part of the conflict
            (
                "Because app==1.0 depends on base>=2 and base<3 and you require base>=1 and lib==1 "
                "depends on base<2, we can conclude that lib==1 cannot be used.\n And because you "
                "require app==1.0 and lib==1, we can conclude that your requirements are "
                "unsatisfiable."
            ),
            "app 1.0 requires base>=2 and lib 1 requires base<2",
        ),
        (
            "something that nobody has seen before",
            "the resolver found no set of versions that satisfies all requirements",
        ),
    ],
)
def test_a_refusal_comes_down_to_a_sentence(words: str, said: str) -> None:
    assert sentence(words) == said


@pytest.mark.fault("4")
def test_a_requirement_with_gaps_is_named(tmp_path: Path) -> None:
    releases = (
        Release("store", "2.0", requires=["files!=1.8,!=2.0,<3,>=1.7"]),
        *(Release("files", version) for version in ("1.7", "1.8", "1.9", "2.0", "2.1")),
    )
    with Index(*releases) as index:
        found = Desk(root=tmp_path, index=index).audit(matrix_text("store==2.0", "files==2.0"))
    told = " ".join(messages(found, "joint"))
    assert "store 2.0 requires one of files>=1.7,<1.8, files>1.8,<2.0, files>2.0,<3" in told
    assert "files 2.0 is asked for" in told


@pytest.mark.fault("4")
def test_a_yanked_requirement_is_named_with_its_reason(tmp_path: Path) -> None:
    releases = (
        Release("store", "2.0", requires=["files==2.0.*"]),
        Release("files", "2.0", yanked="should have dropped py3.8 (sorry)"),
        Release("files", "2.1"),
    )
    with Index(*releases) as index:
        found = Desk(root=tmp_path, index=index).audit(matrix_text("store==2.0"))
    (told,) = [line for line in messages(found, "joint") if "stage s1" in line]
    assert "files 2.0 was yanked (should have dropped py3.8 (sorry))" in told
    assert "store 2.0 requires files" in told


@pytest.mark.parametrize("python", [PYTHON, "3.99"])
def test_a_build_that_fails_is_a_finding_only_on_the_row_s_own_python(
    tmp_path: Path, python: str
) -> None:
    old = "raise RuntimeError('Python version 2.7 or 3.4+ is required.')\n"
    release = Release("alpha", "1.0", form="sdist", build_code=old)
    with Index(release) as index:
        text = matrix_text("alpha==1.0", stages=(("alpha",),))
        found = Desk(root=tmp_path, index=index).audit(text.replace(f'"{PYTHON}"', f'"{python}"'))
    if python == PYTHON:
        said = (
            "alpha 1.0 has to be built, and the build fails: RuntimeError: Python version 2.7 or "
            "3.4+ is required."
        )
        assert any(said in item.message for item in found.findings if item.rule == "joint")
        assert found.trouble == ()
    else:
        assert [item for item in found.findings if item.rule == "joint"] == []
        (trouble,) = found.trouble
        assert "for Python 3.99, which is not on this machine" in trouble

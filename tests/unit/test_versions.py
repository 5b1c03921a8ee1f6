"""Whether a version is what was asked for, and whether ranges overlap, as PEP 440 has it."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from packaging.specifiers import InvalidSpecifier, Specifier, SpecifierSet
from packaging.version import Version
from support.suite import suite_module

from stackproof.base.versions import agree, narrow, overlap, requirement, satisfies, step

Satisfies = Callable[[str, str], bool]


BOTH = [
    pytest.param(satisfies, id="harness"),
    pytest.param(suite_module("versions").satisfies, id="suite"),
]


@pytest.mark.fault("R8.1")
@pytest.mark.parametrize("satisfies", BOTH)
@pytest.mark.parametrize(
    ("installed", "asked", "answer"),
    [
        ("1.0.0", "1.0", True),
        ("1.16.0", "1.16", True),
        ("3.7", "3.7.0", True),
        ("1.16.1", "1.16", False),
        ("2.5.1+cpu", "2.5.1", True),
        ("2.5.1+cpu", "2.5.1+cpu", True),
        ("2.5.1+cu121", "2.5.1+cpu", False),
        ("2.5.1", "2.5.1+cpu", False),
        ("2.0rc1", "2.0-RC.1", True),
        ("2.0rc1", "2.0", False),
        ("2.0.post1", "2.0", False),
        ("1!1.0", "1.0", False),
        ("v1.0", "1.0", True),
        ("1.5", ">=1.4,<2", True),
        ("2.0", ">=1.4,<2", False),
        ("1.5rc1", ">=1.4", True),
        ("1.4.7", "==1.4.*", True),
        ("1.5", "~=1.4", True),
        ("1.4", "!=1.4", False),
        ("1.4", "", True),
        ("", "1.0", False),
        ("no version", "1.0", False),
    ],
)
def test_what_is_installed_is_what_was_asked_for(
    satisfies: Satisfies,
    installed: str,
    asked: str,
    answer: bool,  # noqa: FBT001
) -> None:
    assert satisfies(installed, asked) is answer


@pytest.mark.parametrize(
    ("found", "pinned", "answer"),
    [
        ("2.5.1+cu121", "2.5.1+cpu", True),
        ("2.9.9 (dt dec pq3 ext lo64)", "2.9.9", True),
        ("1.0", "1.0.0", True),
        ("1.1", "1.0", False),
        ("", "1.0", False),
        ("unknown", "1.0", False),
    ],
)
def test_a_module_may_name_its_version_in_its_own_way(
    found: str,
    pinned: str,
    answer: bool,  # noqa: FBT001
) -> None:
    assert suite_module("versions").same_release(found, pinned) is answer


@pytest.mark.fault("R8.1")
@pytest.mark.parametrize("satisfies", BOTH)
def test_versions_compare_as_packaging_compares_them(satisfies: Satisfies) -> None:
    chance = random.Random(16)  # noqa: S311 - cases that are the same each time
    for _ in range(5_000):
        installed, asked = _version(chance), _version(chance)
        exact = Specifier(f"=={asked}").contains(installed, prereleases=True)
        assert satisfies(installed, asked) is exact, (installed, asked)
        specifier = _specifier(chance)
        within = SpecifierSet(specifier).contains(installed, prereleases=True)
        assert satisfies(installed, specifier) is within, (installed, specifier)


def test_what_is_neither_version_nor_specifier_cannot_be_asked_for() -> None:
    with pytest.raises(InvalidSpecifier):
        satisfies("1.0", "the newest")


@pytest.mark.parametrize(
    ("one", "other", "answer"),
    [
        ("2.5.1", "2.5.1+cpu", True),
        ("2.5.1+cpu", "2.5.1+cu121", False),
        ("1.0", "1.0.0", True),
        ("1.0", "1.1", False),
        ("1.5", ">=1,<2", True),
        ("2.5", ">=1,<2", False),
        ("==1.4.*", "==1.4.*", True),
        ("==1.4.*", ">=1.5", False),
        ("", "", True),
        ("", "1.0", True),
    ],
)
def test_two_words_on_a_version_agree_where_one_leaves_the_build_open(
    one: str,
    other: str,
    answer: bool,  # noqa: FBT001
) -> None:
    assert agree(one, other) is agree(other, one) is answer


@pytest.mark.parametrize(
    ("asked", "text"), [("1.0", "x[y]==1.0"), (">=1,<2", "x[y]>=1,<2"), ("", "x[y]")]
)
def test_a_requirement_asks_for_a_version_a_range_or_any(asked: str, text: str) -> None:
    assert requirement("x[y]", asked) == text


@pytest.mark.parametrize(
    ("asked", "version", "than", "narrower"),
    [
        (">=1,<3", "1.5", "2.0", ">=1,<=1.5"),
        (">=1,<3", "2.5", "2.0", "<3,>=2.5"),
        ("~=1.4", "1.6", "1.9", "~=1.4,<=1.6"),
        (">1,!=1.5,<=3", "1.4", "2", ">1,!=1.5,<=1.4"),
        ("", "1.6+cpu", "2", "<=1.6"),
    ],
)
def test_a_range_is_narrowed_to_end_at_a_version(
    asked: str, version: str, than: str, narrower: str
) -> None:
    assert narrow(asked, version, than=than) == narrower
    assert satisfies(version, narrower)
    assert not satisfies(than, narrower)


@pytest.mark.fault("R8.4")
@pytest.mark.parametrize(
    ("first", "second", "common"),
    [
        ("", "", True),
        (">=1,<2", ">=2", False),
        (">=1,<2", "~=1.4", True),
        ("<2", ">1.9", True),
        (">=2.0,!=2.0", "<2.0.1", True),
        ("==1.4.*", ">=1.5", False),
        (">=1.4,!=1.4.*", "<1.5", False),
        (">=1.4,!=1.4.*", "<=1.5", True),
        ("==2.5.1", "==2.5.1", True),
        ("==2.5.1", "<2.5.1", False),
        ("<1", "!=0.5", True),
        ("===weird", ">=1", False),
        (">1.0a1", "<1.0.post1", True),
        (">1,<1.2", "<1.0.1", True),
    ],
)
def test_ranges_overlap_or_not(first: str, second: str, common: bool) -> None:  # noqa: FBT001
    assert overlap(first, second) is common
    assert overlap(second, first) is common


@pytest.mark.fault("R8.4")
def test_no_ranges_are_disjoint_that_a_version_satisfies() -> None:
    chance = random.Random(84)  # noqa: S311 - cases that are the same each time
    disjoint = 0
    for _ in range(3_000):
        first, second = _specifier(chance), _specifier(chance)
        if overlap(first, second):
            continue
        disjoint += 1
        both = SpecifierSet(first) & SpecifierSet(second)
        tried = [_version(chance) for _ in range(50)] + _near(both)
        within = [at for at in tried if both.contains(at, prereleases=True)]
        assert not within, (first, second, within)
    assert disjoint > 500


def _version(chance: random.Random) -> str:
    """Return a version of few small numbers, so that many are equal or near to one another."""
    parts = [str(chance.randrange(3)) for _ in range(chance.randrange(1, 4))]
    tail = chance.choice(["", "", "", "", "a1", "rc1", ".post1", ".dev1", "rc1.dev2"])
    local = chance.choice(["", "", "", "+cpu", "+cu121"])
    return chance.choice(["", "", "", "1!"]) + ".".join(parts) + tail + local


def _specifier(chance: random.Random) -> str:
    return ",".join(_clause(chance) for _ in range(chance.randrange(1, 3)))


def _clause(chance: random.Random) -> str:
    operator = chance.choice(["==", "!=", ">=", "<=", ">", "<", "~="])
    version = Version(_version(chance))
    if operator in ("==", "!=") and chance.random() < 0.5:
        return f"{operator}{version.base_version}.*"
    if operator in ("==", "!="):
        return f"{operator}{version}"
    if operator == "~=" and len(version.release) == 1:
        return f"~={version.base_version}.0"
    return f"{operator}{version.public}"


def _near(specifiers: SpecifierSet) -> list[str]:
    """Return versions at, just below and just above those that specifiers name."""
    tails = ("", ".0.0.1", ".dev0", "a0", "a2", ".post0", ".post2", "+local")
    named = {item.version.removesuffix(".*") for item in specifiers}
    return [f"{Version(version).base_version}{tail}" for version in named for tail in tails]


@pytest.mark.parametrize(
    ("before", "after", "answer"),
    [
        ("1.0", "2.0", "major"),
        ("1!1.0", "2!1.0", "major"),
        ("1.4", "1.5.1", "minor"),
        ("1.4.1", "1.4", "patch"),
        ("2.5.1", "2.5.1+cpu", "patch"),
        ("1.0rc1", "1.0", "patch"),
        ("2003-a", "1.0", "major"),
    ],
)
def test_two_versions_are_as_far_apart_as_their_first_number_that_differs(
    before: str, after: str, answer: str
) -> None:
    assert step(before, after) == step(after, before) == answer

"""What a matrix may say, and every way to get it wrong: for the validator and for the schema."""

from __future__ import annotations

__all__ = ["CASES", "FAILURE", "FULL", "OVERRIDE", "Case", "changed"]

import copy
from dataclasses import dataclass
from datetime import date, datetime, timezone
from typing import Any

from support.workbench import toml

FULL = """\
format = 1
title = "Full"
document = "full.md"
python = "3.11"
servers = ["redis"]
claims = [{ text = "all import", checks = ["import:*", "pairwise:alpha:beta"] }]

[groups]
greek = ["alpha", "beta"]

[indexes.near]
url = "https://near.example/simple"
upload-times = false

[constraints.beta]
url = "https://beta.example/constraints-{version}/constraints-{python}.txt"
pin = "beta"

[[pins]]
name = "alpha"
version = "1.0"
imports = ["alpha"]
area = "first"
role = "letters"
claims = [{ text = "works", checks = ["import:alpha"] }]

[[pins]]
name = "beta"
version = "2.0"
imports = ["beta", "beta.more"]
area = "second"
role = "letters"
extras = ["fast"]

[[stages]]
name = "one"
step = "Install alpha."
pins = ["alpha"]
index = "near"

[[stages]]
name = "two"
step = "Install beta."
pins = ["beta"]
requirements = ["delta>=1,<2"]
constraints = "beta"

[rows.base]
summary = "As the document says."
known-failures = [{ check = "import:beta", reason = "why", date = 2025-01-02 }]

[rows.mended]
summary = "Mended."
base = "base"
default = false
python = "3.12"
as-of = 2025-04-01T00:00:00Z
overrides = [{ pin = "beta", version = "2.1", reason = "why", date = 2025-01-02 }]

[[rows.mended.stages]]
name = "mend"
step = "none"
after = "one"
requirements = ["gamma==1.0"]
reason = "why"
reasons = { gamma = "because" }
date = 2025-01-02

[rows.again]
summary = "Mended again."
base = "mended"
"""

DROP = object()


def changed(**changes: object) -> dict[str, Any]:
    """Return the full matrix with the values at `changes`' paths replaced, dropped or added.

    A path is written with "__" between its keys; a number is a position in a list.
    """
    data: dict[str, Any] = copy.deepcopy(toml(FULL))
    for path, value in changes.items():
        *way, last = (part.replace("_", "-") for part in path.split("__"))
        node: Any = data
        for part in way:
            node = node[int(part)] if isinstance(node, list) else node.setdefault(part, {})
        if value is DROP:
            del node[last]
        elif isinstance(node, list):
            node.insert(int(last), value)
        else:
            node[last] = value
    return data


PIN = {"name": "alpha", "version": "1.1", "imports": ["a"], "area": "x", "role": "y"}
OVERRIDE = {"pin": "alpha", "version": "3", "reason": "why", "date": date(2025, 1, 2)}
FAILURE = {"check": "import:alpha", "reason": "why", "date": date(2025, 1, 2)}
ADDITION = {"requirement": "gamma<2", "reason": "why", "date": date(2025, 1, 2)}
STAGE = {"name": "more", "step": "more", "pins": ["beta"]}
EXTRA = {**STAGE, "reason": "why", "date": date(2025, 1, 2)}


@dataclass(frozen=True)
class Case:
    """A change that makes the full matrix wrong, and everything that its user is then told.

    `in_schema` tells whether JSON Schema can say it too.
    """

    changes: dict[str, object]
    problems: tuple[str, ...]
    in_schema: bool


def case(*told: str, in_schema: bool, **changes: object) -> Case:
    return Case(changes, tuple(f"full.toml: {line}" for line in told), in_schema)


CASES: dict[str, Case] = {
    "unknown key": case(
        ("[pins number 1 (alpha)], key verison: unknown key 'verison'; did you mean 'version'?"),
        in_schema=True,
        pins__0__verison="1.0",
    ),
    "platform that uv has no name for": case(
        (
            "[top level], key platforms number 1: 'x86_64-pc-windows': not a platform that uv has "
            "a name for; did you mean 'x86_64-pc-windows-msvc' or 'i686-pc-windows-msvc' or "
            "'x86_64-apple-darwin'?"
        ),
        in_schema=True,
        platforms=["x86_64-pc-windows"],
    ),
    "index of no stage": case(
        "[rows.base.indexes], key three: there is no stage 'three'; there are one, two",
        in_schema=False,
        rows__base__indexes={"three": "near"},
    ),
    "index of a stage that is none": case(
        "[rows.base.indexes], key two: there is no index 'neat'; did you mean 'near'?",
        in_schema=False,
        rows__base__indexes={"two": "neat"},
    ),
    "pre-releases of no name": case(
        (
            "[rows.base], key prereleases number 1: 'Alpha': write the name in its normal form, "
            "'alpha'"
        ),
        in_schema=True,
        rows__base__prereleases=["Alpha"],
    ),
    "least age beside a cut-off": case(
        "[rows.mended], key min-age: stands beside 'as-of'; keep one of the two",
        in_schema=False,
        rows__mended__min_age="7d",
    ),
    "exempt from no least age": case(
        "[rows.base], key min-age-exempt: there is no min-age to be exempt from; add one",
        in_schema=False,
        rows__base__min_age_exempt=["alpha"],
    ),
    "unknown key at the top": case(
        "top level, key titel: unknown key 'titel'; did you mean 'title'?",
        in_schema=True,
        titel="Full",
    ),
    "unknown key that resembles none": case(
        (
            "[pins number 1 (alpha)], key zzz: unknown key 'zzz'; there are area, claims, "
            "extras, imports, marker, name, range, role, version"
        ),
        in_schema=True,
        pins__0__zzz=1,
    ),
    "unknown key of a row": case(
        "[rows.mended], key as-off: unknown key 'as-off'; did you mean 'as-of'?",
        in_schema=True,
        rows__mended__as_off="2025",
    ),
    "unknown key of a claim": case(
        ("[claims number 1 (import:*)], key check: unknown key 'check'; did you mean 'checks'?"),
        in_schema=True,
        claims__0__check="import:*",
    ),
    "missing key": case(
        "[pins number 2 (beta)], key role: is missing; add it", in_schema=True, pins__1__role=DROP
    ),
    "no pins": case("top level, key pins: must not be empty", in_schema=True, pins=[]),
    "no rows": case("top level, key rows: must not be empty", in_schema=True, rows={}),
    "number for text": case(
        "top level, key title: 1 is of the wrong type; write text in quotes",
        in_schema=True,
        title=1,
    ),
    "number for a version": case(
        "top level, key python: 3.11 is of the wrong type; write text in quotes",
        in_schema=True,
        python=3.11,
    ),
    "text for a list": case(
        (
            "[pins number 1 (alpha)], key imports: 'alpha' is of the wrong type; write a "
            'list, such as ["a", "b"]'
        ),
        in_schema=True,
        pins__0__imports="alpha",
    ),
    "number in a list": case(
        (
            "[pins number 1 (alpha)], key imports number 2: 1 is of the wrong type; write "
            "text in quotes"
        ),
        in_schema=True,
        pins__0__imports=["alpha", 1],
    ),
    "text for true or false": case(
        "[rows.mended], key default: 'no' is of the wrong type; write true or false",
        in_schema=True,
        rows__mended__default="no",
    ),
    "list for a table": case(
        "top level, key rows: ['base'] is of the wrong type; write a table",
        in_schema=True,
        rows=["base"],
    ),
    "text for a table": case(
        "[top level], key pins number 1: 'alpha' is of the wrong type; write a table",
        in_schema=True,
        pins=["alpha"],
    ),
    "empty text": case(
        "[pins number 1 (alpha)], key area: must not be empty", in_schema=True, pins__0__area=""
    ),
    "blank text": case(
        "[pins number 1 (alpha)], key area: must not be empty", in_schema=True, pins__0__area="  "
    ),
    "another format": case("top level, key format: 2: input should be 1", in_schema=True, format=2),
    "bad version": case(
        (
            "[pins number 1 (alpha)], key version: 'latest': not a version; write one exact "
            "version such as '2.5.1'"
        ),
        in_schema=True,
        pins__0__version="latest",
    ),
    "specifier for a version": case(
        (
            "[pins number 1 (alpha)], key version: '==1.0': not a version; write one exact "
            "version such as '2.5.1'"
        ),
        in_schema=True,
        pins__0__version="==1.0",
    ),
    "wildcard for a version": case(
        (
            "[pins number 1 (alpha)], key version: '1.*': not a version; write one exact "
            "version such as '2.5.1'"
        ),
        in_schema=True,
        pins__0__version="1.*",
    ),
    "half a version": case(
        (
            "[pins number 1 (alpha)], key version: '1.0-cpu': not a version; write one exact "
            "version such as '2.5.1'"
        ),
        in_schema=True,
        pins__0__version="1.0-cpu",
    ),
    "version with a space": case(
        (
            "[pins number 1 (alpha)], key version: '1.0 ': not a version; write one exact "
            "version such as '2.5.1'"
        ),
        in_schema=True,
        pins__0__version="1.0 ",
    ),
    "no range": case(
        (
            "[pins number 1 (alpha)], key range: '1.0': not a range of versions; write one such "
            "as '>=1.4,<2', or one version as 'version'"
        ),
        in_schema=True,
        pins__0__version=DROP,
        pins__0__range="1.0",
    ),
    "range of one version": case(
        (
            "[pins number 1 (alpha)], key range: '==1.0': names one version; write "
            "version = '1.0' in its place"
        ),
        in_schema=False,
        pins__0__version=DROP,
        pins__0__range="==1.0",
    ),
    "range without versions": case(
        (
            "[pins number 1 (alpha)], key range: '>=2,<1': no version can be in it; write a "
            "range such as '>=1.4,<2'"
        ),
        in_schema=False,
        pins__0__version=DROP,
        pins__0__range=">=2,<1",
    ),
    "version and range": case(
        "[pins number 1 (alpha)], key range: stands beside 'version'; keep one of the two",
        in_schema=True,
        pins__0__range=">=1",
    ),
    "version and range of an override": case(
        (
            "[rows.mended.overrides number 1 (alpha)], key range: stands beside 'version'; keep "
            "one of the two"
        ),
        in_schema=True,
        rows__mended__overrides=[{**OVERRIDE, "range": ">=1"}],
    ),
    "override without a version": case(
        ("[rows.mended.overrides number 1 (alpha)], key version: is missing; add it, or 'range'"),
        in_schema=True,
        rows__mended__overrides=[{k: v for k, v in OVERRIDE.items() if k != "version"}],
    ),
    "no marker": case(
        (
            "[pins number 1 (alpha)], key marker: 'python<4': not an environment marker; write "
            "one such as \"python_version < '3.12'\""
        ),
        in_schema=False,
        pins__0__marker="python<4",
    ),
    "marker of an extra": case(
        (
            "[pins number 1 (alpha)], key marker: \"extra == 'fast'\": asks for an extra, which "
            "a pin is not required by; write a marker of the environment"
        ),
        in_schema=False,
        pins__0__marker="extra == 'fast'",
    ),
    "nothing to install": case(
        (
            "[rows.base], key interpreter: is missing, and there are no [[stages]] that the row "
            "could install; add either"
        ),
        in_schema=False,
        stages=[],
        rows__mended=DROP,
        rows__again=DROP,
    ),
    "stages for an environment that exists": case(
        (
            "[rows.mended], key stages: nothing is installed into an environment that exists; "
            "remove it, or 'interpreter'"
        ),
        (
            "[rows.mended], key as-of: nothing is installed into an environment that exists; "
            "remove it, or 'interpreter'"
        ),
        in_schema=False,
        rows__mended__interpreter="/opt/venv/bin/python",
    ),
    "addition to an environment that exists": case(
        (
            "[rows.mended], key additions: nothing is installed into an environment that exists; "
            "remove it, or 'interpreter'"
        ),
        in_schema=False,
        rows__mended__interpreter="/opt/venv/bin/python",
        rows__mended__as_of=DROP,
        rows__mended__stages=DROP,
        rows__mended__additions=[ADDITION],
    ),
    "addition to a pin": case(
        (
            "[rows.mended.additions number 1], key requirement: 'alpha' is a pin: change its "
            "version by an override"
        ),
        in_schema=False,
        rows__mended__additions=[{**ADDITION, "requirement": "alpha<2"}],
    ),
    "constraint file of a range": case(
        (
            "[constraints.beta], key pin: 'beta' has no exact version to name a constraint file "
            "by; give it one"
        ),
        in_schema=False,
        pins__1__version=DROP,
        pins__1__range=">=2",
        rows__mended__overrides=[],
    ),
    "constraint file of an override's range": case(
        (
            "[rows.mended.overrides number 1 (beta)], key range: a constraint file is named by "
            "the version of 'beta'; write 'version'"
        ),
        in_schema=False,
        rows__mended__overrides=[
            {"pin": "beta", "range": ">=2", "reason": "why", "date": date(2025, 1, 2)}
        ],
    ),
    "bad version of an override": case(
        (
            "[rows.mended.overrides number 1 (alpha)], key version: 'newest': not a version; "
            "write one exact version such as '2.5.1'"
        ),
        in_schema=True,
        rows__mended__overrides=[{**OVERRIDE, "version": "newest"}],
    ),
    "bad Python": case(
        "top level, key python: '3.11.4' does not fit; it must match ^3\\.[0-9]+$",
        in_schema=True,
        python="3.11.4",
    ),
    "bad requirement": case(
        (
            "[stages number 2 (two)], key requirements number 1: 'delta<<1': not a "
            "requirement; write one such as 'contourpy<1.3'"
        ),
        in_schema=True,
        stages__1__requirements=["delta<<1"],
    ),
    "requirement with a bad marker": case(
        "[stages number 2 (two)], key requirements number 1: 'delta<1; python<4': "
        "not a requirement; write one such as 'contourpy<1.3'",
        in_schema=False,
        stages__1__requirements=["delta<1; python<4"],
    ),
    "requirement without a name": case(
        (
            "[stages number 2 (two)], key requirements number 1: '>=1': not a requirement; "
            "write one such as 'contourpy<1.3'"
        ),
        in_schema=True,
        stages__1__requirements=[">=1"],
    ),
    "requirement without a version": case(
        (
            "[stages number 2 (two)], key requirements number 1: 'delta': says no version; "
            "write 'delta==<version>', or name a pin in 'pins'"
        ),
        in_schema=True,
        stages__1__requirements=["delta"],
    ),
    "requirement by address": case(
        (
            "[stages number 2 (two)], key requirements number 1: 'delta @ "
            "https://delta.example/d.whl': a requirement names a version, not an address; "
            "write 'name==version'"
        ),
        in_schema=True,
        stages__1__requirements=["delta @ https://delta.example/d.whl"],
    ),
    "requirement for a pin": case(
        (
            "[stages number 2 (two)], key requirements number 1: 'alpha' is a pin: name it "
            "in 'pins', and change its version by an override"
        ),
        in_schema=False,
        stages__1__requirements=["Alpha==1"],
    ),
    "bad distribution name": case(
        (
            "[pins number 1 (alpha!)], key name: 'alpha!': not a distribution name; use "
            "letters, digits, '-', '_' and '.', beginning and ending with a letter or digit"
        ),
        in_schema=True,
        pins__0__name="alpha!",
    ),
    "name not in its normal form": case(
        (
            "[pins number 2 (beta)], key extras number 1: 'Fast_er': write the name in its "
            "normal form, 'fast-er'"
        ),
        in_schema=True,
        pins__1__extras=["Fast_er"],
    ),
    "name with two dashes": case(
        (
            "[pins number 2 (beta)], key extras number 1: 'a--b': write the name in its "
            "normal form, 'a-b'"
        ),
        in_schema=True,
        pins__1__extras=["a--b"],
    ),
    "bad module": case(
        (
            "[pins number 1 (alpha)], key imports number 1: 'alpha-beta' does not fit; it "
            "must match ^[A-Za-z_]\\w*(\\.[A-Za-z_]\\w*)*$"
        ),
        in_schema=True,
        pins__0__imports=["alpha-beta"],
    ),
    "bad row name": case(
        ("[rows], key Base row: 'Base row' does not fit; it must match ^[a-z0-9]+(-[a-z0-9]+)*$"),
        in_schema=True,
        **{"rows__Base row": {"summary": "x"}},
    ),
    "bad check": case(
        (
            "[claims number 1], key checks number 1: 'imports' does not fit; it must match "
            "^[a-z]+(-[a-z]+)*:\\S+$"
        ),
        in_schema=True,
        claims__0__checks=["imports"],
    ),
    "bad URL": case(
        (
            "[indexes.near], key url: 'near.example' does not fit; it must match "
            "^(https?|file)://\\S+$"
        ),
        in_schema=True,
        indexes__near__url="near.example",
    ),
    "bad server": case(
        (
            "[top level], key servers number 1: 'reddis': input should be 'postgres', "
            "'redis', 'kafka', 'prometheus', 'grafana', 'mysql' or 'gpu'"
        ),
        in_schema=True,
        servers=["reddis"],
    ),
    "date in quotes": case(
        (
            "[rows.base.known-failures number 1 (import:alpha)], key date: '2025-01-02': not "
            "a date; write one such as 2025-04-01, without quotes"
        ),
        in_schema=False,
        rows__base__known_failures=[{**FAILURE, "date": "2025-01-02"}],
    ),
    "time for a date": case(
        (
            "[rows.base.known-failures number 1 (import:alpha)], key date: "
            "2025-01-02T00:00:00+00:00: not a date; write one such as 2025-04-01, without "
            "quotes"
        ),
        in_schema=True,
        rows__base__known_failures=[{**FAILURE, "date": datetime(2025, 1, 2, tzinfo=timezone.utc)}],
    ),
    "day for a cut-off": case(
        (
            "[rows.mended], key as-of: 2025-04-01: not a full UTC timestamp; write one such "
            "as 2025-04-01T00:00:00Z"
        ),
        in_schema=True,
        rows__mended__as_of=date(2025, 4, 1),
    ),
    "cut-off without a zone": case(
        (
            "[rows.mended], key as-of: 2025-04-01T00:00:00: not a full UTC timestamp; write "
            "one such as 2025-04-01T00:00:00Z"
        ),
        in_schema=True,
        rows__mended__as_of=datetime(2025, 4, 1),  # noqa: DTZ001 - the point
    ),
    "duplicate pin": case(
        (
            "[pins number 3 (alpha)], key name: 'alpha' stands here a second time, first as "
            "number 1; keep one"
        ),
        in_schema=False,
        pins__2=PIN,
    ),
    "duplicate stage": case(
        (
            "[stages number 3 (one)], key name: 'one' stands here a second time, first as "
            "number 1; keep one"
        ),
        in_schema=False,
        stages__2={**STAGE, "name": "one"},
    ),
    "stage naming no known pin": case(
        (
            "[stages number 1 (one)], key pins number 1: there is no pin 'alhpa'; did you "
            "mean 'alpha'?"
        ),
        in_schema=False,
        stages__0__pins=["alhpa"],
    ),
    "stage that installs nothing": case(
        (
            "[stages number 1 (one)], key pins: the stage installs nothing; name the pins "
            "that it installs"
        ),
        in_schema=False,
        stages__0__pins=[],
    ),
    "unknown constraint source": case(
        (
            "[stages number 2 (two)], key constraints: there is no constraint source "
            "'betta'; did you mean 'beta'?"
        ),
        in_schema=False,
        stages__1__constraints="betta",
    ),
    "unknown index": case(
        "[stages number 1 (one)], key index: there is no index 'far'; there are near",
        in_schema=False,
        stages__0__index="far",
    ),
    "group of an unknown pin": case(
        "[groups], key greek number 2: there is no pin 'omega'; there are alpha, beta",
        in_schema=False,
        groups__greek=["alpha", "omega"],
    ),
    "constraints of an unknown pin": case(
        "[constraints.beta], key pin: there is no pin 'omega'; there are alpha, beta",
        in_schema=False,
        constraints__beta__pin="omega",
    ),
    "unknown placeholder": case(
        ("[constraints.beta], key url: {release} is not filled in; use {version} and {python}"),
        in_schema=False,
        constraints__beta__url="https://b.example/{release}/{python}",
    ),
    "placeholder without a name": case(
        "[constraints.beta], key url: {} is not filled in; use {version} and {python}",
        in_schema=False,
        constraints__beta__url="https://b.example/{}",
    ),
    "formatted placeholder": case(
        ("[constraints.beta], key url: {python!x} is not filled in; use {version} and {python}"),
        ("[constraints.beta], key url: {version:d} is not filled in; use {version} and {python}"),
        in_schema=False,
        constraints__beta__url="https://b.example/{version:d}/{python!x}",
    ),
    "attribute of a placeholder": case(
        (
            "[constraints.beta], key url: {version.real} is not filled in; use {version} and "
            "{python}"
        ),
        in_schema=False,
        constraints__beta__url="https://b.example/{version.real}",
    ),
    "unpaired brace": case(
        (
            "[constraints.beta], key url: its braces do not pair up (expected '}' before end "
            "of string)"
        ),
        in_schema=False,
        constraints__beta__url="https://b.example/{version",
    ),
    "override of a missing pin": case(
        (
            "[rows.mended.overrides number 1 (alfa)], key pin: overrides a pin that is not "
            "there: 'alfa'; did you mean 'alpha'?"
        ),
        in_schema=False,
        rows__mended__overrides=[{**OVERRIDE, "pin": "alfa"}],
    ),
    "pin overridden twice": case(
        (
            "[rows.mended.overrides number 2 (alpha)], key pin: 'alpha' stands here a second "
            "time, first as number 1; keep one"
        ),
        in_schema=False,
        rows__mended__overrides=[OVERRIDE, OVERRIDE],
    ),
    "row from itself": case(
        ("[rows.base], key base: the row derives from itself: base -> base; break the circle"),
        in_schema=False,
        rows__base__base="base",
    ),
    "rows in a circle": case(
        (
            "[rows.base], key base: the row derives from itself: base -> again -> mended -> "
            "base; break the circle"
        ),
        (
            "[rows.mended], key base: the row derives from itself: mended -> base -> again "
            "-> mended; break the circle"
        ),
        (
            "[rows.again], key base: the row derives from itself: again -> mended -> base -> "
            "again; break the circle"
        ),
        in_schema=False,
        rows__base__base="again",
    ),
    "unknown base": case(
        "[rows.again], key base: there is no row 'mend'; did you mean 'mended'?",
        in_schema=False,
        rows__again__base="mend",
    ),
    "failure of no kind": case(
        (
            "[rows.base.known-failures number 1 (imports:alpha)], key check: there is no "
            "kind of check 'imports'; did you mean 'import'?"
        ),
        in_schema=False,
        rows__base__known_failures=[{**FAILURE, "check": "imports:alpha"}],
    ),
    "failure of an audit": case(
        (
            "[rows.base.known-failures number 1 (exists:alpha)], key check: there is no kind "
            "of check 'exists'; there are build, command, import, link, overwrite, pip-check, "
            "smoke, "
            "stage, version"
        ),
        in_schema=False,
        rows__base__known_failures=[{**FAILURE, "check": "exists:alpha"}],
    ),
    "failure of an unknown pin": case(
        (
            "[rows.base.known-failures number 1 (import:alhpa)], key check: there is no pin "
            "'alhpa'; did you mean 'alpha'?"
        ),
        in_schema=False,
        rows__base__known_failures=[{**FAILURE, "check": "import:alhpa"}],
    ),
    "failure of an unknown stage": case(
        (
            "[rows.base.known-failures number 1 (stage:three)], key check: there is no stage "
            "'three'; there are one, two"
        ),
        in_schema=False,
        rows__base__known_failures=[{**FAILURE, "check": "stage:three"}],
    ),
    "conflict known by no words": case(
        (
            "[rows.base.known-failures number 1 (pip-check:gamma)], key says: is missing, and "
            "every conflict that 'gamma' ever comes to would count as the known one; add a word "
            "of its complaint, such as what it requires"
        ),
        in_schema=False,
        rows__base__known_failures=[{**FAILURE, "check": "pip-check:gamma"}],
    ),
    "suspect link known by no words": case(
        (
            "[rows.base.known-failures number 1 (link:gamma)], key says: is missing, and every "
            "suspect link that 'gamma' ever comes to would count as the known one; add a word of "
            "its sentence, such as what is used"
        ),
        in_schema=False,
        rows__base__known_failures=[{**FAILURE, "check": "link:gamma"}],
    ),
    "failure known twice": case(
        (
            "[rows.base.known-failures number 2 (import:alpha)], key check: 'import:alpha' "
            "stands here a second time, first as number 1; keep one"
        ),
        in_schema=False,
        rows__base__known_failures=[FAILURE, FAILURE],
    ),
    "claim by an unknown check": case(
        (
            "[claims number 1], key checks number 1: there is no kind of check 'proof'; "
            "there are build, command, constraints, exists, groups, import, link, overwrite, "
            "pairwise, "
            "pip-check, python, smoke, stage, version"
        ),
        in_schema=False,
        claims__0__checks=["proof:alpha"],
    ),
    "claim by a link that is only told": case(
        (
            "[claims number 1], key checks number 1: suspect links are only told here; set "
            "'strict' in [links] to true"
        ),
        in_schema=False,
        claims__0__checks=["link:alpha"],
    ),
    "claim by a check of all of what is asked one by one": case(
        "[claims number 1], key checks number 1: there is no pin '*'; there are alpha, beta",
        in_schema=False,
        claims__0__checks=["version:*", "import:*", "pip-check:*"],
    ),
    "claim by a check of the audit that is about nothing there": case(
        ("[claims number 1], key checks number 1: there is no pin 'alfa'; did you mean 'alpha'?"),
        "[claims number 1], key checks number 2: there is no pin '*'; there are alpha, beta",
        "[claims number 1], key checks number 3: there is no pin 'betta'; did you mean 'beta'?",
        (
            "[claims number 1], key checks number 4: a pair is of two pins; write "
            "'pairwise:<one>:<other>'"
        ),
        "[claims number 1], key checks number 5: there is no group 'grek'; did you mean 'greek'?",
        in_schema=False,
        claims__0__checks=[
            "constraints:alfa",
            "python:*",
            "pairwise:alpha:betta",
            "pairwise:alpha:alpha",
            "groups:grek",
        ],
    ),
    "extra stage of a known name": case(
        (
            "[rows.mended.stages number 1 (two)], key name: there is a stage 'two' already; "
            "choose another name"
        ),
        in_schema=False,
        rows__mended__stages=[{**EXTRA, "name": "two"}],
    ),
    "extra stage after no stage": case(
        (
            "[rows.mended.stages number 1 (more)], key after: there is no stage before it "
            "'more'; there are one, two"
        ),
        in_schema=False,
        rows__mended__stages=[{**EXTRA, "after": "more"}],
    ),
    "reason for what is not installed": case(
        (
            "[rows.mended.stages number 1 (more).reasons], key alpha: there is no "
            "requirement of this stage 'alpha'; there are beta"
        ),
        in_schema=False,
        rows__mended__stages=[{**EXTRA, "reasons": {"alpha": "why"}}],
    ),
    "extra stage without a reason": case(
        "[rows.mended.stages number 1 (more)], key reason: is missing; add it",
        "[rows.mended.stages number 1 (more)], key date: is missing; add it",
        in_schema=True,
        rows__mended__stages=[STAGE],
    ),
}

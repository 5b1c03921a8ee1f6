"""What a resolver's own words come down to: a proof, or something that is not known."""

from __future__ import annotations

import pytest

from stackproof.installers.refusal import Required, required, wheelless
from stackproof.metadata.grid.refusal import read_refusal

NAMES = ("apache-airflow", "dbt-core")
CELL = ("2.6.0", "1.3.0")

# As uv 0.13.9 said it.
HOLOGRAM = """\
error: No solution found when resolving dependencies
  cause: Because hologram==0.0.15 depends on jsonschema>=3.0,<4.0 and hologram==0.0.14 depends \
on jsonschema>=3.0,<3.2, we can conclude that hologram>=0.0.14,<=0.0.15 depends on \
jsonschema>=3.0,<4.0.
         And because apache-airflow==2.6.0 depends on jsonschema>=4.0.0 and dbt-core==1.3.0 \
depends on hologram>=0.0.14,<=0.0.15, we can conclude that apache-airflow==2.6.0 and \
dbt-core==1.3.0 are incompatible.
         And because you require apache-airflow==2.6 and dbt-core==1.3, we can conclude that your \
requirements are unsatisfiable.
"""
# The same of uv 0.8.4, which lays it out otherwise.
OLDER = """\
  × No solution found when resolving dependencies:
  ╰─▶ Because only the following versions of hologram are available:
          hologram<=0.0.14
          hologram>=0.0.15
      and hologram==0.0.14 depends on jsonschema>=3.0,<3.2, we can conclude
      that hologram>=0.0.14,<0.0.15 depends on jsonschema>=3.0,<3.2.
      And because hologram==0.0.15 depends on jsonschema>=3.0,<4.0, we can
      conclude that hologram>=0.0.14,<=0.0.15 depends on jsonschema>=3.0,<4.0.
      And because apache-airflow==2.6.0 depends on jsonschema>=4.0.0 and
      dbt-core==1.3.0 depends on hologram>=0.0.14,<=0.0.15, we can conclude
      that apache-airflow==2.6.0 and dbt-core==1.3.0 are incompatible.
      And because you require apache-airflow==2.6 and dbt-core==1.3, we can
      conclude that your requirements are unsatisfiable.
"""  # noqa: RUF001 - the signs that uv draws with
WHEELLESS = """\
error: No solution found when resolving dependencies
  cause: Because logbook>=1.5.1,<=1.5.3 has no usable wheels and only the following versions of \
logbook are available:
             logbook<1.5
             logbook>=1.5.1,<=1.5.3
             logbook>=1.6
         we can conclude that logbook>=1.5,<1.6 cannot be used.
         And because dbt-core==1.7.0 depends on logbook>=1.5,<1.6 and you require dbt-core==1.7, \
we can conclude that your requirements are unsatisfiable.

hint: Wheels are required for `logbook` because building from source is disabled for all packages
"""
OLDER_WHEELLESS = """\
  × No solution found when resolving dependencies:
  ╰─▶ Because only the following versions of logbook are available:
          logbook<1.5
          logbook==1.5.1
          logbook>1.6
      and logbook>=1.5.1,<=1.5.3 has no usable wheels, we can conclude that
      logbook>=1.5.1,<=1.5.3 cannot be used.
      And because dbt-core==1.7.0 depends on logbook>=1.5,<1.6 and you require
      dbt-core==1.7, we can conclude that your requirements are unsatisfiable.
"""  # noqa: RUF001 - the signs that uv draws with
# Names are made up from here on.
FAILED_BUILD = """\
error: Failed to build `minimal-snowplow-tracker==0.0.2`
  cause: The build backend returned an error
"""
PYTHON = """\
error: No solution found when resolving dependencies
  cause: Because the current Python version (3.10.13) does not satisfy Python>=3.12 and new==1.0 \
depends on Python>=3.12, we can conclude that new==1.0 cannot be used.
         And because dbt-core==1.3.0 depends on new==1.0 and you require dbt-core==1.3, we can \
conclude that your requirements are unsatisfiable.
"""
MISSING = """\
error: No solution found when resolving dependencies
  cause: Because there are no versions of new>=3 and dbt-core==1.3.0 depends on new>=3, we can \
conclude that dbt-core==1.3.0 cannot be used.
         And because you require dbt-core==1.3, we can conclude that your requirements are \
unsatisfiable.
"""


@pytest.mark.parametrize("words", [HOLOGRAM, OLDER])
def test_a_proof_gives_the_two_requirements_and_who_brought_them(words: str) -> None:
    cell = read_refusal(NAMES, CELL, words, builds=True)
    assert cell.state == "conflict"
    assert cell.reason == (
        "hologram>=0.0.14,<=0.0.15 (which dbt-core 1.3.0 requires) requires jsonschema>=3.0,<4.0 "
        "and apache-airflow 2.6.0 requires jsonschema>=4.0.0"
    )
    assert [demand.through for demand in cell.demands] == ["dbt-core 1.3.0", None]


@pytest.mark.parametrize(
    ("words", "builds", "reason"),
    [
        (WHEELLESS, False, "logbook has no wheel, and its metadata would need a build"),
        (
            OLDER_WHEELLESS,
            False,
            "logbook has no wheel, and its metadata would need a build",
        ),
        (WHEELLESS, True, "logbook has no file that fits"),
        (
            FAILED_BUILD,
            True,
            "the metadata of minimal-snowplow-tracker 0.0.2 needs a build, and the build failed",
        ),
        (PYTHON, True, "new 1.0 requires Python>=3.12"),
    ],
)
def test_what_rests_on_a_missing_file_is_not_known(words: str, builds: bool, reason: str) -> None:  # noqa: FBT001 - a parameter
    cell = read_refusal(NAMES, CELL, words, builds=builds)
    assert (cell.state, cell.reason, cell.demands) == ("unknown", reason, ())


def test_a_release_that_was_never_made_is_a_conflict() -> None:
    cell = read_refusal(NAMES, CELL, MISSING, builds=True)
    assert (cell.state, cell.demands) == ("conflict", ())
    assert cell.reason == "there is no new>=3 and dbt-core 1.3.0 requires new>=3"


def test_what_a_resolver_concludes_is_told_from_what_it_rests_on() -> None:
    concluded = Required("hologram", ">=0.0.14,<=0.0.15", "jsonschema", ">=3.0,<4.0")
    assert concluded not in required(HOLOGRAM)
    assert concluded in required(HOLOGRAM, derived=True)
    assert len(required(HOLOGRAM)) == 4
    assert [*wheelless(WHEELLESS)] == ["logbook"]
    assert wheelless(HOLOGRAM) == {}

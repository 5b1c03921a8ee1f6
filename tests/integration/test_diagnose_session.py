"""The session `diagnose` on a row of a matrix: what it prints, what it leaves, and how it ends."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import Any

import pytest
from support.checkout import Checkout
from support.index import Index
from support.matrices import matrix, pin, stage
from support.wheels import Release
from support.workbench import Bench

from stackproof.installers.planning import make_plan
from stackproof.matrix.load import load_matrix

BAD_DAY = datetime(2025, 3, 2, 10, tzinfo=timezone.utc)
OLD = {"lamps/__init__.py": "def shine():\n    return 'bright'\n"}
NEW = {"lamps/__init__.py": "def glow():\n    return 'bright'\n"}
USES = {"phone/__init__.py": "from lamps import shine\n"}
#: One pin, which works with lamps below 2 alone.
PHONE = matrix("Phone", pin("phone"), stage("one", "phone", step="Install phone."))
UNTIL = "2025-06-01T00:00:00Z"


@pytest.fixture
def checkout(bench: Bench, index: Index) -> Checkout:
    """Return a checkout whose one row broke in March."""
    index.add(
        Release("phone", "1.0", requires=["lamps"], modules=USES),
        Release("lamps", "1.0", modules=OLD),
        Release("lamps", "1.4", modules=OLD),
        Release("lamps", "2.0.0", modules=NEW, uploaded=BAD_DAY),
    )
    made = Checkout(bench)
    made.write_matrix(PHONE)
    return made


def diagnose(checkout: Checkout) -> tuple[list[str], dict[str, Any]]:
    """Return what the session printed, and what it wrote."""
    _, lines = checkout.run("diagnose", "tiny/plain", "--as-of", UNTIL)
    file = checkout.bench.root / "reports/tiny/plain/diagnosis.json"
    return lines, json.loads(file.read_text(encoding="utf-8"))


def test_what_to_add_is_a_row_of_the_matrix_that_passes(checkout: Checkout) -> None:
    lines, found = diagnose(checkout)
    assert found["mend"]["requirements"] == ["lamps<2"]
    text = found["toml"]
    assert [f"    {line}".rstrip() for line in text.splitlines()] == (
        lines[(begin := lines.index("    [rows.plain-diagnosed]")) : begin + text.count("\n")]
    )
    page = checkout.bench.root / "reports/tiny/plain/diagnosis.md"
    assert text.strip() in page.read_text(encoding="utf-8")
    file = checkout.bench.root / "matrices" / "tiny.toml"
    file.write_text(f"{PHONE}\n{text}", encoding="utf-8")
    written = load_matrix(file)
    (addition,) = written.rows["plain-diagnosed"].additions
    assert (addition.requirement, "shine" in addition.reason) == ("lamps<2", True)
    bench = checkout.bench
    before, after = (make_plan(written, name="tiny", row=row) for row in written.rows)
    verdict, evidence = bench.verify(after)
    assert (verdict.verdict, evidence.freeze["lamps"]) == ("ok", "1.4")
    assert bench.verify(before.model_copy(update={"as_of": after.as_of}))[0].verdict == "broken"

"""What takes more than it did, in words."""

from __future__ import annotations

from stackproof.evidence.costs import Measure
from stackproof.evidence.history.slower import OverBudget, Slower
from stackproof.report.texts import Language, Texts, texts

__all__ = ["cost_in_words"]

_MEGABYTE = 1e6


def cost_in_words(item: Slower | OverBudget, lang: Language = "en") -> str:
    """Return the sentence on a check that takes more than it did, or than it may."""
    t = texts(lang)
    now = _figure(item.measure, item.now, t)
    before = _figure(item.measure, item.before, t)
    if isinstance(item, OverBudget):
        budget = _figure(item.measure, item.budget, t)
        return t("costs.over-budget", check=item.check, now=now, before=before, budget=budget)
    lowest, highest = (_figure(item.measure, value, t) for value in (item.lowest, item.highest))
    spread = {"lowest": lowest, "highest": highest, "runs": item.runs}
    return t("costs.slower", check=item.check, now=now, before=before, **spread)


def _figure(measure: Measure, value: float, t: Texts) -> str:
    number = f"{value / _MEGABYTE:.0f}" if measure == "peak_memory" else f"{value:.1f}"
    return t(f"measure.{measure}", number=number)

"""A pipeline of two steps, and a third one on a condition, for `kfp dsl compile`."""

from kfp import dsl


@dsl.component(base_image="example.org/python:3", install_kfp_package=False)
def total(numbers: list, weight: float = 0.5) -> float:  # type: ignore[type-arg]
    """Sum the numbers and weigh them."""
    return sum(numbers) * weight


@dsl.component(base_image="example.org/python:3", install_kfp_package=False)
def grade(score: float, report: dsl.OutputPath(str)) -> str:
    """Write a report on a score, and say whether it is high."""
    with open(report, "w") as file:  # noqa: PTH123 - a component brings its own imports
        file.write(f"scored {score}")
    return "high" if score > 3 else "low"


@dsl.pipeline(name="scoring")
def scoring(numbers: list = [1, 2], who: str = "한글") -> str:  # type: ignore[type-arg]  # noqa: ARG001, B006
    """Weigh numbers, grade the result, and weigh them anew where it is high."""
    score = total(numbers=numbers)
    graded = grade(score=score.output)
    graded.set_retry(2)
    with dsl.Condition(graded.outputs["Output"] == "high"):
        total(numbers=numbers, weight=2.0)
    return graded.outputs["Output"]

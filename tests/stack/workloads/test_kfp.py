"""Kubeflow Pipelines' SDK: from Python to what a cluster is given, and a step of that executed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

PIPELINE = Path(__file__).parent / "apps" / "scoring.py"


@pytest.mark.workload(
    "kfp-compile",
    needs=("kfp",),
    seconds=8,
    timeout=120,
    oldest={"kfp": "2.4.0"},
)
def test_compile(run: Callable[..., str]) -> None:
    """Compile a pipeline to YAML, read it back, and execute a step with the command it states."""
    import yaml
    from kfp import components

    run("kfp", "dsl", "compile", "--py", str(PIPELINE), "--output", "scoring.yaml")
    pipeline = components.load_component_from_file("scoring.yaml")
    assert pipeline.name == "scoring"
    inputs = pipeline.component_spec.inputs
    assert {name: (given.type, given.default) for name, given in inputs.items()} == {
        "numbers": ("List", [1.0, 2.0]),
        "who": ("String", "한글"),
    }
    assert {name: given.type for name, given in pipeline.component_spec.outputs.items()} == {
        "Output": "String"
    }

    written = yaml.safe_load(Path("scoring.yaml").read_text(encoding="utf-8"))
    tasks = written["root"]["dag"]["tasks"]
    assert {name: task.get("dependentTasks", []) for name, task in tasks.items()} == {
        "total": [],
        "grade": ["total"],
        "condition-1": ["grade"],
    }
    assert tasks["grade"]["inputs"]["parameters"]["score"] == {
        "taskOutputParameter": {"producerTask": "total", "outputParameterKey": "Output"}
    }
    assert tasks["grade"]["retryPolicy"]["maxRetryCount"] == 2
    assert tasks["condition-1"]["triggerPolicy"]["condition"].endswith("== 'high'")
    again = written["components"]["comp-condition-1"]["dag"]["tasks"]["total-2"]
    assert again["inputs"]["parameters"]["weight"] == {"runtimeValue": {"constant": 2.0}}

    # As the cluster starts it: the image is this environment, the placeholder has been filled.
    container = written["deploymentSpec"]["executors"]["exec-grade"]["container"]
    assert container["image"] == "example.org/python:3"
    given = {
        "inputs": {"parameterValues": {"score": 3.5}},
        "outputs": {
            "outputFile": "out/told.json",
            "parameters": {
                "Output": {"outputFile": "out/grade.txt"},
                "report": {"outputFile": "out/report.txt"},
            },
        },
    }
    words = [json.dumps(given) if word == "{{$}}" else word for word in container["args"]]
    run(*container["command"], *words)
    assert Path("out/report.txt").read_text(encoding="utf-8") == "scored 3.5"
    told = json.loads(Path("out/told.json").read_text(encoding="utf-8"))
    assert told["parameterValues"]["Output"] == "high"

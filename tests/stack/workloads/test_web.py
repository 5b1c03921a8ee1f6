"""FastAPI and Pydantic under a real uvicorn process."""

from __future__ import annotations

import json
import signal
import sys
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from stack_suite.process import Background

APPS = Path(__file__).parent / "apps"


def call(url: str, body: object = None) -> tuple[int, Any]:
    """Return the status and the JSON of the answer; a body is posted as JSON."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(  # noqa: S310 - the server is our own
        url, data, {"Content-Type": "application/json"}
    )
    try:
        with urllib.request.urlopen(request, timeout=10) as response:  # noqa: S310
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


@pytest.fixture
def shop(spawn: Callable[..., Background], free_port: Callable[[], int]) -> tuple[Background, str]:
    """Serve the shop under uvicorn; return its process, and its address without a scheme."""
    place = f"127.0.0.1:{(port := free_port())}"
    arguments = ["--app-dir", str(APPS), "shop:app", "--port", str(port)]
    process = spawn(sys.executable, "-m", "uvicorn", *arguments)
    process.wait_until(lambda: call(f"http://{place}/openapi.json")[0] == 200, seconds=30)
    return process, place


@pytest.mark.workload(
    "web-validation",
    needs=("fastapi", "uvicorn"),
    uses=("pydantic",),
    seconds=2,
    timeout=60,
    oldest={"fastapi": "0.100.0"},
)
def test_validation(shop: tuple[Background, str]) -> None:
    """Answer a valid request; refuse an invalid one with the field's path; tell the schema."""
    _, place = shop
    items = [{"name": "tea", "count": 3}, {"name": "milk", "count": 1}]
    answer = call(f"http://{place}/orders", {"customer": "Ada", "items": items})
    assert answer == (200, {"customer": "Ada", "pieces": 4})

    items[1]["count"] = 0
    status, refusal = call(f"http://{place}/orders", {"customer": "Ada", "items": items})
    assert status == 422
    [problem] = refusal["detail"]
    assert problem["loc"] == ["body", "items", 1, "count"]
    assert problem["type"] == "greater_than"

    schemas = call(f"http://{place}/openapi.json")[1]["components"]["schemas"]
    assert schemas["Item"]["properties"]["count"]["exclusiveMinimum"] == 0
    assert schemas["Order"]["properties"]["items"]["items"] == {"$ref": "#/components/schemas/Item"}


@pytest.mark.workload(
    "web-websocket",
    needs=("fastapi", "uvicorn"),
    uses=("websockets",),
    seconds=2,
    timeout=60,
    oldest={"fastapi": "0.100.0"},
)
def test_websocket(shop: tuple[Background, str]) -> None:
    """Exchange numbers over one websocket."""
    from websockets.sync.client import connect

    with connect(f"ws://{shop[1]}/double", open_timeout=10) as socket:
        answers = []
        for number in (1, 20):
            socket.send(json.dumps(number))
            answers.append(json.loads(socket.recv(timeout=10)))
    assert answers == [2, 40]


@pytest.mark.workload(
    "web-graceful-stop",
    needs=("fastapi", "uvicorn"),
    seconds=2,
    timeout=60,
    oldest={"fastapi": "0.100.0"},
)
def test_graceful_stop(shop: tuple[Background, str]) -> None:
    """Ask the server to stop in the middle of an answer: it ends that first, then closes."""
    process, place = shop
    with ThreadPoolExecutor() as pool:
        answer = pool.submit(call, f"http://{place}/slow")
        process.wait_until(Path("begun").exists, seconds=10)
        process.process.terminate()
        assert answer.result() == (200, "done")
    # Newer servers end, once they have closed, by the signal that asked them to.
    assert process.process.wait(10) in {0, -signal.SIGTERM}
    assert Path("closed").exists()

"""grafana-client: its requests as such, and against a Grafana server where one is at hand."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from stack_suite.recorder import Recorder
    from stack_suite.servers import Server


@pytest.mark.workload(
    "grafana-requests",
    needs=("grafana-client",),
    seconds=1,
    timeout=60,
    oldest={"grafana-client": "4.2.0"},
)
def test_requests(recorder: Recorder) -> None:
    """Send requests as Grafana's HTTP API has them, and understand its answers.

    No Grafana takes part, so this proves the client and the HTTP stack below it, and no more.
    """
    from grafana_client import GrafanaApi
    from grafana_client.client import GrafanaClientError, GrafanaUnauthorizedError

    host = f"127.0.0.1:{recorder.server_port}"
    grafana = GrafanaApi.from_url(f"http://{host}/sub/", credential=("ada", "s cret"))
    board = {"title": "손익", "panels": [{"type": "stat", "gridPos": {"h": 4}}]}
    answers = [
        (200, {"id": 1, "uid": "f1", "title": "폴더"}),
        (200, {"status": "success", "uid": "d1", "version": 1}),
        (200, {"dashboard": board, "meta": {"folderUid": "f1"}}),
        (404, {"message": "Dashboard not found"}),
        (401, {"message": "no"}),
    ]
    recorder.answer = lambda _: answers.pop(0)
    assert grafana.folder.create_folder("폴더", uid="f1")["uid"] == "f1"
    saved = grafana.dashboard.update_dashboard({"dashboard": board, "folderUid": "f1"})
    assert (saved["uid"], saved["version"]) == ("d1", 1)
    assert grafana.dashboard.get_dashboard("d1") == {
        "dashboard": board,
        "meta": {"folderUid": "f1"},
    }
    with pytest.raises(GrafanaClientError, match="404: Dashboard not found") as missing:
        grafana.dashboard.delete_dashboard("d1")
    assert missing.value.status_code == 404
    with pytest.raises(GrafanaUnauthorizedError):
        GrafanaApi.from_url(f"http://{host}/", credential="to-ken").search.search_dashboards(
            tag="x"
        )

    assert [(method, path, body) for method, path, _, body in recorder.requests] == [
        ("POST", "/sub/api/folders", {"title": "폴더", "uid": "f1"}),
        ("POST", "/sub/api/dashboards/db", {"dashboard": board, "folderUid": "f1"}),
        ("GET", "/sub/api/dashboards/uid/d1", None),
        ("DELETE", "/sub/api/dashboards/uid/d1", None),
        ("GET", "/api/search?tag=x", None),
    ]
    basic = f"Basic {base64.b64encode(b'ada:s cret').decode()}"
    sent = [headers["Authorization"] for _, _, headers, _ in recorder.requests]
    assert sent == [basic] * 4 + ["Bearer to-ken"]


@pytest.mark.workload(
    "grafana-dashboards",
    needs=("grafana-client",),
    servers=("grafana",),
    seconds=2,
    timeout=60,
    oldest={"grafana-client": "4.2.0"},
)
def test_dashboards(server: Callable[[str], Server], unique: Callable[[str], str]) -> None:
    """Make a folder and a dashboard on a Grafana server, read them back, and delete them."""
    from grafana_client import GrafanaApi
    from grafana_client.client import GrafanaClientError

    url = server("grafana")["url"]
    # The client would take what stands in the address as it is, percent signs and all.
    credential = tuple(map(unquote, urlsplit(url).netloc.rpartition("@")[0].split(":", 1)))
    grafana = GrafanaApi.from_url(url, credential=credential)
    name = unique("folder")
    folder = grafana.folder.create_folder(f"{name} 폴더")
    try:
        panel = {
            "id": 1,
            "type": "text",
            "title": "hello",
            "gridPos": {"x": 0, "y": 0, "w": 4, "h": 2},
        }
        board = {"title": unique("board"), "tags": [name], "panels": [panel]}
        saved = grafana.dashboard.update_dashboard(
            {"dashboard": board, "folderUid": folder["uid"], "overwrite": False}
        )
        read = grafana.dashboard.get_dashboard(saved["uid"])
        assert read["meta"]["folderUid"] == folder["uid"]
        assert read["dashboard"]["title"] == board["title"]
        assert read["dashboard"]["panels"][0]["title"] == "hello"
        found = grafana.search.search_dashboards(tag=name)
        assert [each["uid"] for each in found] == [saved["uid"]]
        grafana.dashboard.delete_dashboard(saved["uid"])
        with pytest.raises(GrafanaClientError) as missing:
            grafana.dashboard.get_dashboard(saved["uid"])
        assert missing.value.status_code == 404
        assert grafana.folder.get_folder(folder["uid"])["title"] == f"{name} 폴더"
    finally:
        grafana.folder.delete_folder(folder["uid"])
    with pytest.raises(GrafanaClientError) as missing:
        grafana.folder.get_folder(folder["uid"])
    assert missing.value.status_code == 404

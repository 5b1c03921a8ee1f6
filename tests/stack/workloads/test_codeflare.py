"""codeflare-sdk: the resource that it makes of a configuration, and what it asks Kubernetes for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from stack_suite.recorder import Recorder, Request

QUEUES = "/apis/kueue.x-k8s.io/v1beta1/namespaces/team-a/localqueues"
CLUSTERS = "/apis/ray.io/v1/namespaces/team-a/rayclusters"
QUEUE = {
    "metadata": {
        "name": "gpus",
        "annotations": {"kueue.x-k8s.io/default-queue": "true"},
    }
}


def kubernetes(request: Request) -> tuple[int, Any]:
    """Answer as the API of a Kubernetes with KubeRay and one default queue."""
    if request.path == QUEUES:
        return 200, {"items": [QUEUE]}
    if request.path.startswith(CLUSTERS):
        return 200, {"items": []}
    return 404, {"kind": "Status", "status": "Failure"}


def log_in(recorder: Recorder) -> None:
    """Leave a configuration at home, as after `kubectl config` or `oc login`."""
    place = Path("~/.kube/config").expanduser()
    place.parent.mkdir()
    server = f"http://127.0.0.1:{recorder.server_port}"
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "here",
        "contexts": [{"name": "here", "context": {"cluster": "this", "user": "ada"}}],
        "clusters": [{"name": "this", "cluster": {"server": server}}],
        "users": [{"name": "ada", "user": {"token": "to-ken"}}],
    }
    place.write_text(json.dumps(content), encoding="utf-8")


@pytest.mark.workload(
    "codeflare-cluster",
    needs=("codeflare-sdk",),
    seconds=8,
    timeout=120,
    oldest={"codeflare-sdk": "0.24.0"},
)
def test_cluster(recorder: Recorder) -> None:
    """Make a Ray cluster's resource of a configuration; ask Kubernetes for it, and to remove it.

    No Kubernetes takes part, so this proves the client and what it makes, and no more.
    """
    import yaml
    from codeflare_sdk import Cluster, ClusterConfiguration

    log_in(recorder)
    recorder.answer = kubernetes
    cluster = Cluster(
        ClusterConfiguration(
            name="forest",
            namespace="team-a",
            num_workers=3,
            head_cpu_requests=1,
            head_cpu_limits=2,
            head_memory_requests=4,
            head_memory_limits=8,
            worker_cpu_requests="500m",
            worker_cpu_limits=1,
            worker_memory_requests=2,
            worker_memory_limits=3,
            worker_extended_resource_requests={"nvidia.com/gpu": 1},
            image="example.org/ray:1",
            envs={"SEED": "7"},
            labels={"owner": "ada"},
            write_to_file=True,
        )
    )
    resource = yaml.safe_load(Path(cluster.resource_yaml).read_text(encoding="utf-8"))
    assert (resource["apiVersion"], resource["kind"]) == ("ray.io/v1", "RayCluster")
    assert (resource["metadata"]["name"], resource["metadata"]["namespace"]) == ("forest", "team-a")
    labels = resource["metadata"]["labels"]
    assert (labels["owner"], labels["kueue.x-k8s.io/queue-name"]) == ("ada", "gpus")

    head = resource["spec"]["headGroupSpec"]
    [workers] = resource["spec"]["workerGroupSpecs"]
    assert [workers[key] for key in ("replicas", "minReplicas", "maxReplicas")] == [3, 3, 3]
    assert head["rayStartParams"]["num-gpus"] == "0"
    assert workers["rayStartParams"]["num-gpus"] == "1"
    [head_container] = head["template"]["spec"]["containers"]
    [container] = workers["template"]["spec"]["containers"]
    assert head_container["image"] == container["image"] == "example.org/ray:1"
    assert {"name": "SEED", "value": "7"} in container["env"]
    assert head_container["resources"] == {
        "requests": {"cpu": 1, "memory": "4G"},
        "limits": {"cpu": 2, "memory": "8G"},
    }
    assert container["resources"] == {
        "requests": {"cpu": "500m", "memory": "2G", "nvidia.com/gpu": 1},
        "limits": {"cpu": 1, "memory": "3G", "nvidia.com/gpu": 1},
    }

    cluster.up()
    cluster.down()
    [posted] = [one for one in recorder.requests if one.method == "POST"]
    assert (posted.path, posted.body) == (CLUSTERS, resource)
    [deleted] = [one for one in recorder.requests if one.method == "DELETE"]
    assert deleted.path == f"{CLUSTERS}/forest"
    assert {one.headers["Authorization"] for one in (posted, deleted)} == {"Bearer to-ken"}

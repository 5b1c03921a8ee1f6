"""Searches whose plans are carried out by workers of dask.distributed on loopback."""

from __future__ import annotations

import shutil
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dask
import distributed  # noqa: F401 - its settings are there once it is loaded
import pytest
from support.checkout import Checkout
from support.cluster import Cluster, Member
from support.engines import AS_OF, FRONTIER, HANGING, engines, table
from support.kept_reports import KeptReports
from support.processes import SOURCES, mentioning, wait_for
from support.workbench import Bench

from stackproof.cli import machines
from stackproof.evidence.folder import Evidence

IN_A_BUILD = "evidence/*/suite.log"


@pytest.fixture
def checkout(bench: Bench, kept_reports: KeptReports) -> Checkout:
    return engines(bench, kept_reports)


def when_in_a_build(members: list[Member], what: Callable[[Member], object]) -> threading.Thread:
    """Do something to the first worker whose suite is under way, in a thread."""

    def watch() -> None:
        wait_for(lambda: any(one.has(IN_A_BUILD) for one in members), seconds=120)
        what(next(one for one in members if one.has(IN_A_BUILD)))

    thread = threading.Thread(target=watch)
    thread.start()
    return thread


def left(checkout: Checkout, cluster: Cluster) -> set[int]:
    """Return the processes of this test that are not the cluster's own."""
    return set(mentioning(str(checkout.bench.root))) - cluster.pids


@pytest.mark.fault("machines")
def test_a_frontier_is_the_same_where_a_worker_is_killed_in_the_middle_of_a_build(
    checkout: Checkout,
) -> None:
    with Cluster(checkout.bench) as cluster:
        members, killed = cluster.add(2), list[Member]()

        def kill(one: Member) -> None:
            one.kill()
            killed.append(one)

        killer = when_in_a_build(members, kill)
        code, lines = checkout.run("frontier", "--as-of", AS_OF, "--on", cluster.address)
        killer.join()
        assert code == 0, "\n".join(lines)
        assert table(checkout) == FRONTIER
        (dead,) = killed
        assert not left(checkout, cluster)
        # Nor is anything on the disks of those that live.
        assert not any(one.has("*") for one in members if one is not dead)


@pytest.mark.fault("machines")
@pytest.mark.slow
def test_whoever_asked_and_ends_leaves_nothing_at_work(checkout: Checkout) -> None:
    checkout.bench.index.add(*HANGING)
    with Cluster(checkout.bench) as cluster:
        (member,) = cluster.add()
        for how, seconds in ((signal.SIGINT, 0), (signal.SIGKILL, 20)):
            arguments = ("lamp", "--as-of", AS_OF, "--on", cluster.address)
            running = checkout.start("-s", "frontier", "--", *arguments)
            wait_for(lambda: member.has(IN_A_BUILD), seconds=120)
            running.send_signal(how)
            running.communicate(timeout=60)
            # Ctrl-C waits for the worker; of a process that was killed the engine hears.
            wait_for(lambda: not left(checkout, cluster) and not member.has("*"), seconds)
            assert member.process.poll() is None


@pytest.mark.fault("machines")
@pytest.mark.slow
def test_where_the_scheduler_goes_away_a_plan_is_not_judged_and_nothing_goes_on(
    checkout: Checkout,
) -> None:
    checkout.bench.index.add(*HANGING)
    with Cluster(checkout.bench) as cluster:
        (member,) = cluster.add()
        killer = when_in_a_build([member], lambda _: cluster.scheduler.kill())
        arguments = ("lamp", "--as-of", AS_OF, "--on", cluster.address)
        with dask.config.set({"distributed.comm.timeouts.connect": "2s"}):
            code, lines = checkout.run("frontier", *arguments)
        killer.join()
        assert code == 1
        assert any("exit 2" in line and "went away" in line for line in lines), lines
        (home,) = (checkout.bench.root / "reports" / "candidates").iterdir()
        (evidence,) = Evidence.runs(home)
        assert (evidence.run.trouble or "").startswith("no machine carried it out: the connection")
        assert evidence.plan.requested[0].name == "lamp"
        wait_for(lambda: member.process.poll() is not None, seconds=60)
        assert not left(checkout, cluster)


def test_a_worker_with_another_release_is_refused_and_evidence_may_be_left_elsewhere(
    checkout: Checkout, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    shutil.copytree(SOURCES / "stackproof", other / "stackproof")
    with (other / "stackproof" / "errors.py").open("a") as file:
        file.write("# Another release.\n")
    with Cluster(checkout.bench) as cluster:
        (member,) = cluster.add(PYTHONPATH=str(other))
        arguments = ("lamp==1.1", "--as-of", AS_OF, "--on", cluster.address)
        code, lines = checkout.run("candidate", *arguments)
        assert code == 1
        (refusal,) = [line for line in lines if "exit 2" in line]
        assert "it has stackproof " in refusal
        assert "install the same there" in refusal
        assert not (checkout.bench.root / "reports" / "candidates").exists()
        member.kill()
        cluster.add()
        shared = tmp_path / "shared"
        shared.mkdir()
        code, lines = checkout.run("candidate", *arguments, "--leave-at", f"file://{shared}")
        assert code == 0, lines
        assert any(line.startswith("lamp==1.1: safe") for line in lines), lines
        assert len(list(shared.glob("*.zip"))) == 1


def test_a_cluster_that_cannot_be_had_ends_with_what_to_do(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    def said(*arguments: Any) -> str:  # noqa: ANN401 - words of a command line
        code, lines = checkout.run("frontier", *arguments)
        assert code == 1
        return lines[-1]

    nowhere = "tcp://127.0.0.1:9"
    code, lines = checkout.run("candidate", "lamp==1.1", "--first-look", "--on", nowhere)
    assert code == 1
    assert "--first-look is taken of builds on this machine" in lines[-1]
    with dask.config.set({"distributed.comm.timeouts.connect": "200ms"}):
        assert "there is no scheduler at tcp://127.0.0.1:9" in said("--on", nowhere)
    assert "needs certificates" in said("--on", "tls://127.0.0.1:9")
    assert "'127.0.0.1' is not such as tcp://" in said("--on", "127.0.0.1")
    assert "name those by --on" in said("--leave-at", "memory://x")
    assert "'0' is not a number from 1 to 256" in said("--side-by-side", "0")
    monkeypatch.setattr(machines, "find_spec", lambda _: None)
    assert "install stackproof[dask] here and on each machine" in said("--on", nowhere)

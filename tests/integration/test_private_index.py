"""An index that asks for a password: by which ways it gets one, and that nobody else does."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import pytest
from support.index import Index
from support.workbench import Bench

USER, PASSWORD = "somebody", "n0b0dy-e1se"


@pytest.fixture(autouse=True)
def private(index: Index) -> None:
    """Have the index answer to nobody without the password."""
    index.login = f"{USER}:{PASSWORD}"


def given(bench: Bench, way: str, patch: pytest.MonkeyPatch) -> None:
    """Give the password to installers and to ourselves, as a user does."""
    url = bench.index.url
    with_login = url.replace("://", f"://{USER}:{PASSWORD}@")
    if way == "address":
        bench.environ |= {"UV_DEFAULT_INDEX": with_login, "PIP_INDEX_URL": with_login}
    elif way == "variables":
        bench.environ |= {
            "UV_DEFAULT_INDEX": f"our-own={url}",
            "UV_INDEX_OUR_OWN_USERNAME": USER,
            "UV_INDEX_OUR_OWN_PASSWORD": PASSWORD,
        }
    else:
        host = urlsplit(url).hostname
        netrc = bench.write("netrc", f"machine {host} login {USER} password {PASSWORD}\n")
        netrc.chmod(0o600)
        bench.environ["NETRC"] = str(netrc)
        patch.setenv("NETRC", str(netrc))


def files_with(folder: Path, text: str) -> list[Path]:
    """Return the files below a folder that hold a text."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return [path for path in files if text.encode() in path.read_bytes()]


@pytest.mark.parametrize(
    ("way", "installer"),
    [
        ("address", "uv"),
        ("address", "pip"),
        ("variables", "uv"),
        ("netrc", "uv"),
        ("netrc", "pip"),
    ],
)
def test_the_password_reaches_the_index_and_no_evidence(
    bench: Bench, way: str, installer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    given(bench, way, monkeypatch)
    verdict, evidence = bench.verify(bench.plan(installer=installer))
    assert (verdict.verdict, verdict.trouble) == ("ok", None)
    assert evidence.run.index == bench.index.url
    assert files_with(bench.root / "reports", PASSWORD) == []
    assert PASSWORD not in bench.output.getvalue()


@pytest.mark.parametrize("wrong", [None, "wr0ng-w0rd"])
def test_a_refusal_is_named_and_no_verdict(bench: Bench, wrong: str | None) -> None:
    if wrong is not None:
        url = bench.index.url.replace("://", f"://{USER}:{wrong}@")
        bench.environ["UV_DEFAULT_INDEX"] = url
    verdict, _ = bench.verify(bench.plan())
    assert (verdict.verdict, verdict.exit_code) == ("unjudged", 2)
    assert "asks for a user and password that it accepts (401)" in (verdict.trouble or "")
    assert wrong is None or files_with(bench.root / "reports", wrong) == []

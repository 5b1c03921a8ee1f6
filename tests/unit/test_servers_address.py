"""A password is for the server's client, and for nobody else to read."""

from __future__ import annotations

import pytest

from stackproof.run.servers import masked
from stackproof.run.servers.address import (
    is_clear,
    password_of,
    redact,
    with_path,
    without_password,
)
from stackproof.run.servers.info import ServerInfo

PLAIN = "postgresql://ada@db.example:5432/shop?sslmode=require"


@pytest.mark.parametrize(
    ("url", "password", "public"),
    [
        (PLAIN, None, PLAIN),
        ("postgresql://ada:s%20c@db.example/x", "s c", "postgresql://ada@db.example/x"),
        ("redis://:pw@[::1]:6379/0", "pw", "redis://[::1]:6379/0"),
        ("postgresql://u:p@h1:1,h2:2/x", "p", "postgresql://u@h1:1,h2:2/x"),
        ("postgresql://u:p%40@h:1/x", "p@", "postgresql://u@h:1/x"),
        ("postgresql:///x?user=u&password=p+q", "p q", "postgresql:///x?user=u"),
    ],
)
def test_password_is_found_and_left_out(url: str, password: str | None, public: str) -> None:
    assert password_of(url) == password
    assert without_password(url) == public


@pytest.mark.parametrize(
    ("url", "clear"),
    [
        (PLAIN, True),
        ("postgresql://u:p%2F@h1:1,[::1]:2/x", True),
        ("postgresql:///x?user=u", True),
        ("redis://:pa/ss@host/0", False),
        ("redis://:12#34@host/0", False),
        ("redis://:secret", False),
        ("http://[::1", False),
        ("secret", False),
    ],
)
def test_address_must_tell_which_part_is_the_password(url: str, *, clear: bool) -> None:
    assert is_clear(url) == clear


def test_both_forms_of_a_password_are_masked() -> None:
    url = "http://ada:s%20cret@host/"
    assert (
        redact(f"{url} refused 's cret' to ada", url) == "http://ada:***@host/ refused '***' to ada"
    )
    assert redact("nothing to see", "http://host/") == "nothing to see"


def test_path_is_exchanged() -> None:
    assert with_path("postgresql://u:p@h:1/a?x=1", "/b") == "postgresql://u:p@h:1/b?x=1"


def test_info_tells_the_password_to_clients_only() -> None:
    info = ServerInfo(
        name="redis",
        grade="real",
        origin="user",
        product="Redis 7.0",
        url="redis://:pw@127.0.0.1:1/0",
        prefix="run",
    )
    assert info.to_json() == {
        "name": "redis",
        "grade": "real",
        "origin": "user",
        "product": "Redis 7.0",
        "url": "redis://:pw@127.0.0.1:1/0",
        "prefix": "run",
    }
    assert info.public() == info.to_json() | {"url": "redis://127.0.0.1:1/0"}
    assert "pw" not in repr(info)
    none = ServerInfo(name="grafana", grade="unavailable", reason="none to be had")
    assert none.public() == {"name": "grafana", "grade": "unavailable", "reason": "none to be had"}
    assert masked("E: redis://:pw@127.0.0.1:1/0", [none, info]) == "E: redis://:***@127.0.0.1:1/0"

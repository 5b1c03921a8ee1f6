"""mysql-connector-python against a MariaDB or MySQL server."""
# ruff: noqa: S608 - the names of the tables are ours

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mysql.connector.abstracts import MySQLConnectionAbstract
    from stack_suite.servers import Server


@pytest.fixture
def connect(server: Callable[[str], Server]) -> Callable[..., MySQLConnectionAbstract]:
    """Return a function that makes a connection of its own to the run's database."""
    from mysql.connector import connect as connect_to

    parts = urlsplit(server("mysql")["url"])

    place = {
        "host": parts.hostname,
        "port": parts.port,
        "user": unquote(parts.username or ""),
        "password": unquote(parts.password or ""),
        "database": parts.path.lstrip("/"),
    }

    def make(**options: object) -> MySQLConnectionAbstract:
        return connect_to(**{**place, **options})

    return make


@pytest.fixture
def table(
    connect: Callable[..., MySQLConnectionAbstract], unique: Callable[[str], str]
) -> Iterator[Callable[[str, str], str]]:
    """Return a function that makes a table of columns; all are dropped after the workload."""
    made: list[str] = []

    def execute(statement: str) -> None:
        with closing(connect()) as connection:
            connection.cursor().execute(statement)

    def make(stem: str, columns: str) -> str:
        made.append(unique(stem))
        execute(f"CREATE TABLE {made[-1]} ({columns}) ENGINE=InnoDB")
        return made[-1]

    yield make
    for name in made:
        execute(f"DROP TABLE {name}")


@pytest.mark.workload(
    "mysql-values",
    needs=("mysql-connector-python",),
    servers=("mysql",),
    seconds=1,
    timeout=60,
    oldest={"mysql-connector-python": "8.0.33"},
)
def test_values(
    connect: Callable[..., MySQLConnectionAbstract], table: Callable[[str, str], str]
) -> None:
    """Send values of every common type and get equal ones, by text, prepared, and as rows."""
    import datetime as dt
    from decimal import Decimal

    name = table(
        "kinds",
        "id INT PRIMARY KEY, word VARCHAR(40), big BIGINT UNSIGNED, price DECIMAL(12, 3),"
        " share DOUBLE, at DATETIME(6), day DATE, took TIME, raw VARBINARY(256), told LONGTEXT,"
        " yes BOOLEAN",
    )
    rows = [
        (
            *(1, "한글 🙂 '; DROP TABLE x; --", 2**63 - 1, Decimal("-12345.670"), 0.1),
            *(dt.datetime(2024, 2, 29, 23, 59, 59, 123456), dt.date(1000, 1, 1)),  # noqa: DTZ001
            *(dt.timedelta(hours=-3, seconds=7), bytes(range(256)), "x" * 70_000, 1),
        ),
        (2, *[None] * 10),
    ]
    insert = f"INSERT INTO {name} VALUES ({', '.join(['%s'] * 11)})"
    with closing(connect()) as writer, closing(connect()) as reader:
        cursor = writer.cursor()
        cursor.executemany(insert, rows)
        assert cursor.rowcount == 2
        writer.commit()

        ask = f"SELECT * FROM {name} WHERE id <= %s ORDER BY id"
        plain = reader.cursor()
        plain.execute(ask, (2,))
        found = plain.fetchall()
        assert [bytes(found[0][8]), found[0][9]] == [bytes(range(256)), "x" * 70_000]
        assert [row[:8] + row[10:] for row in found] == [row[:8] + row[10:] for row in rows]
        prepared = reader.cursor(prepared=True)
        for most in (1, 2):
            prepared.execute(ask, (most,))
            assert [row[:6] for row in prepared.fetchall()] == [row[:6] for row in rows[:most]]
        prepared.close()
        named = reader.cursor(dictionary=True)
        named.execute(f"SELECT id, price * 2 AS twice FROM {name} WHERE word = %s", (rows[0][1],))
        assert named.fetchall() == [{"id": 1, "twice": Decimal("-24691.340")}]


@pytest.mark.workload(
    "mysql-transactions",
    needs=("mysql-connector-python",),
    servers=("mysql",),
    seconds=1,
    timeout=60,
    oldest={"mysql-connector-python": "8.0.33"},
)
def test_transactions(
    connect: Callable[..., MySQLConnectionAbstract], table: Callable[[str, str], str]
) -> None:
    """Commit, roll back, and keep what is not committed from others; name what is refused."""
    from mysql.connector import errorcode, errors

    name = table("stock", "item VARCHAR(20) PRIMARY KEY, pieces INT NOT NULL")
    with closing(connect()) as one, closing(connect(autocommit=True)) as other:
        first, second = one.cursor(), other.cursor()

        def seen() -> list[Any]:
            second.execute(f"SELECT item, pieces FROM {name} ORDER BY item")
            return list(second.fetchall())

        first.executemany(f"INSERT INTO {name} VALUES (%s, %s)", [("milk", 3), ("tea", 5)])
        assert seen() == []
        one.commit()
        assert seen() == [("milk", 3), ("tea", 5)]
        first.execute(f"UPDATE {name} SET pieces = pieces - 1 WHERE item = 'tea'")
        assert (first.rowcount, one.in_transaction) == (1, True)
        assert seen() == [("milk", 3), ("tea", 5)]
        one.rollback()
        assert (seen(), one.in_transaction) == ([("milk", 3), ("tea", 5)], False)

        with pytest.raises(errors.IntegrityError) as twice:
            second.execute(f"INSERT INTO {name} VALUES ('tea', 1)")
        assert twice.value.errno == errorcode.ER_DUP_ENTRY
        with pytest.raises(errors.ProgrammingError) as unknown:
            second.execute(f"SELECT nothing FROM {name}")
        assert (unknown.value.errno, unknown.value.sqlstate) == (1054, "42S22")
    with pytest.raises(errors.Error, match="Access denied"):
        connect(user="nobody_at_all")

"""SQLAlchemy and psycopg2 on a PostgreSQL server: what is written is read back by another."""

from __future__ import annotations

import datetime as dt
import io
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy.engine import Engine


@pytest.fixture
def engine(database: str) -> Iterator[Engine]:
    """Return an engine on a new database, reached through psycopg2."""
    import sqlalchemy

    # SQLAlchemy 2.1 would take another driver, if it is not told.
    url = sqlalchemy.engine.make_url(database).set(drivername="postgresql+psycopg2")
    engine = sqlalchemy.create_engine(url, future=True)
    yield engine
    engine.dispose()


@pytest.fixture
def ask(database: str) -> Callable[..., list[tuple[Any, ...]]]:
    """Return a function that asks the database past SQLAlchemy, each time on a new connection."""
    import psycopg2

    def fetch(query: str, *values: object) -> list[tuple[Any, ...]]:
        connection = psycopg2.connect(database)
        try:
            cursor = connection.cursor()
            cursor.execute(query, values)
            return cursor.fetchall()
        finally:
            connection.close()

    return fetch


@pytest.mark.workload(
    "sqlalchemy-orm",
    needs=("sqlalchemy", "psycopg2-binary"),
    servers=("postgres",),
    seconds=1,
    timeout=60,
    oldest={"sqlalchemy": "1.4.40"},
)
def test_orm(engine: Engine, ask: Callable[..., list[tuple[Any, ...]]]) -> None:
    """Relate orders to customers: joins, sums, JSON paths, a cascade, a refused duplicate."""
    import sqlalchemy as sa
    from sqlalchemy.dialects.postgresql import JSONB
    from sqlalchemy.orm import Session, declarative_base, relationship, selectinload

    base = declarative_base()

    class Customer(base):
        __tablename__ = "customer"
        id = sa.Column(sa.Integer, primary_key=True)
        name = sa.Column(sa.Text, nullable=False, unique=True)
        orders = relationship(
            "Order", back_populates="customer", cascade="all, delete-orphan", order_by="Order.id"
        )

    class Order(base):
        __tablename__ = "order"
        id = sa.Column(sa.Integer, primary_key=True)
        customer_id = sa.Column(sa.ForeignKey("customer.id"), nullable=False)
        amount = sa.Column(sa.Numeric(8, 2), nullable=False)
        placed = sa.Column(sa.DateTime(timezone=True), nullable=False)
        detail = sa.Column(JSONB, nullable=False)
        customer = relationship("Customer", back_populates="orders")

    base.metadata.create_all(engine)
    noon = dt.datetime(2025, 1, 31, 12, tzinfo=dt.timezone(dt.timedelta(hours=9)))
    with Session(engine) as session, session.begin():
        ada, bob = Customer(name="Ada"), Customer(name="Bob")
        for amount, tags in (("10.10", ["new", "비싼"]), ("0.25", [])):
            detail = {"tags": tags, "gift": {"note": None, "wrap": amount == "0.25"}}
            ada.orders.append(Order(amount=Decimal(amount), placed=noon, detail=detail))
        bob.orders.append(Order(amount=Decimal("7.00"), placed=noon, detail={"tags": ["new"]}))
        session.add_all([ada, bob])

    with Session(engine) as session:
        total = sa.func.sum(Order.amount)
        sums = sa.select(Customer.name, total).join(Order).group_by(Customer.name).order_by(total)
        assert session.execute(sums).all() == [("Bob", Decimal("7.00")), ("Ada", Decimal("10.35"))]
        wrapped = sa.select(Order).where(Order.detail["gift"]["wrap"].as_boolean())
        found = session.execute(wrapped).scalar_one()
        assert (found.customer.name, found.amount) == ("Ada", Decimal("0.25"))
        assert found.placed == dt.datetime(2025, 1, 31, 3, tzinfo=dt.timezone.utc)
        new = sa.select(sa.func.count()).where(Order.detail["tags"].contains(["new"]))
        assert session.execute(new).scalar_one() == 2
        everyone = sa.select(Customer).options(selectinload(Customer.orders)).order_by("name")
        read = session.execute(everyone).scalars().all()
        assert [[order.detail["tags"] for order in one.orders] for one in read] == [
            [["new", "비싼"], []],
            [["new"]],
        ]

    with Session(engine) as session:
        session.delete(session.get(Customer, ada_id := find_id(ask, "Ada")))
        session.commit()
    assert ask('SELECT count(*) FROM "order" WHERE customer_id = %s', ada_id) == [(0,)]
    with Session(engine) as session:
        session.add(Customer(name="Bob"))
        with pytest.raises(sa.exc.IntegrityError, match="customer_name_key"):
            session.commit()
    assert ask("SELECT name FROM customer") == [("Bob",)]
    assert ask('SELECT detail #>> %s FROM "order"', ["tags", "0"]) == [("new",)]


def find_id(ask: Callable[..., list[tuple[Any, ...]]], name: str) -> int:
    """Return the key of a customer, as the database has it."""
    [(key,)] = ask("SELECT id FROM customer WHERE name = %s", name)
    return int(key)


@pytest.mark.workload(
    "sqlalchemy-transactions",
    needs=("sqlalchemy", "psycopg2-binary"),
    servers=("postgres",),
    seconds=1,
    timeout=60,
    oldest={"sqlalchemy": "1.4.40"},
)
def test_transactions(engine: Engine, ask: Callable[..., list[tuple[Any, ...]]]) -> None:
    """Commit, roll back whole and to a savepoint; nobody sees what is not committed."""
    import sqlalchemy as sa

    account = sa.Table(
        "account",
        sa.MetaData(),
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("cents", sa.BigInteger, sa.CheckConstraint("cents >= 0"), nullable=False),
    )
    account.create(engine)
    balances = "SELECT name, cents FROM account ORDER BY name"

    def move(connection: sa.engine.Connection, source: str, target: str, cents: int) -> None:
        for name, change in ((target, cents), (source, -cents)):
            of_name = sa.update(account).where(account.c.name == name)
            connection.execute(of_name.values(cents=account.c.cents + change))

    with engine.begin() as connection:
        connection.execute(
            sa.insert(account), [{"name": "a", "cents": 100}, {"name": "b", "cents": 5}]
        )
    with engine.connect() as connection:
        move(connection, "a", "b", 30)
        assert ask(balances) == [("a", 100), ("b", 5)]
        connection.commit()
    assert ask(balances) == [("a", 70), ("b", 35)]

    with (
        pytest.raises(sa.exc.IntegrityError, match="account_cents_check"),
        engine.begin() as failed,
    ):
        move(failed, "b", "a", 1000)
    assert ask(balances) == [("a", 70), ("b", 35)]

    with engine.begin() as connection:
        move(connection, "a", "b", 10)
        savepoint = connection.begin_nested()
        move(connection, "a", "b", 50)
        savepoint.rollback()
    assert ask(balances) == [("a", 60), ("b", 45)]

    with engine.begin() as first, engine.connect() as second:
        locked = sa.select(account).where(account.c.name == "a")
        first.execute(locked.with_for_update())
        with pytest.raises(sa.exc.OperationalError, match="could not obtain lock"):
            second.execute(locked.with_for_update(nowait=True))


@pytest.mark.workload(
    "psycopg2-copy",
    needs=("psycopg2-binary",),
    servers=("postgres",),
    seconds=0.5,
    timeout=60,
    oldest={"psycopg2-binary": "2.9.5"},
)
def test_copy(database: str) -> None:
    """Copy rows in and out, and read them through a cursor on the server."""
    import psycopg2

    rows = "".join(f"{number}\t{number * number}\tname {number}\n" for number in range(5000))
    with psycopg2.connect(database) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE square (root int PRIMARY KEY, value bigint, name text)")
        cursor.copy_expert("COPY square FROM STDIN", io.StringIO(rows))
        assert cursor.rowcount == 5000
    connection.close()

    connection = psycopg2.connect(database)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*), sum(value) FROM square")
        assert cursor.fetchone() == (5000, sum(number * number for number in range(5000)))
        out = io.StringIO()
        cursor.copy_expert(
            "COPY (SELECT * FROM square WHERE root < 2 ORDER BY 1) TO STDOUT (FORMAT csv, HEADER)",
            out,
        )
        assert out.getvalue() == "root,value,name\n0,0,name 0\n1,1,name 1\n"
    with connection.cursor("on_the_server") as cursor:
        cursor.execute("SELECT root, name FROM square WHERE value % 1000003 = 9 ORDER BY root")
        assert cursor.fetchmany(1) == [(3, "name 3")]
    connection.close()


@pytest.mark.workload(
    "psycopg2-types",
    needs=("psycopg2-binary",),
    servers=("postgres",),
    seconds=0.5,
    timeout=60,
    oldest={"psycopg2-binary": "2.9.5"},
)
def test_types(database: str) -> None:
    """Send values of every common type and get equal ones; quote what would be an injection."""
    import psycopg2
    from psycopg2 import errors, extras, sql

    seoul = dt.timezone(dt.timedelta(hours=9))
    sent = (
        2**62,
        Decimal("12345678901234567890.123456789"),
        0.1,
        "'; DROP TABLE sent; -- 한글",
        b"\x00\xff'",
        dt.datetime(2025, 3, 30, 1, 30, 0, 123456, tzinfo=seoul),
        dt.timedelta(days=1, seconds=1),
        [1, None, 3],
        None,
        True,
    )
    types = "bigint,numeric,float,text,bytea,timestamptz,interval,int[],int,boolean"
    columns = sql.SQL(", ").join(
        sql.SQL("{} {}").format(sql.Identifier(f"Column {name}"), sql.SQL(name))
        for name in types.split(",")
    )
    connection = psycopg2.connect(database, options="-c timezone=UTC")
    with connection, connection.cursor() as cursor:
        cursor.execute(sql.SQL("CREATE TABLE sent ({})").format(columns))
        extras.execute_values(cursor, "INSERT INTO sent VALUES %s", [sent, sent])
        cursor.execute("SELECT * FROM sent")
        for row in cursor.fetchall():
            values = [bytes(each) if isinstance(each, memoryview) else each for each in row]
            assert values == list(sent)
        assert cursor.description[5].name == "Column timestamptz"
        cursor.execute("SELECT %s::jsonb", [extras.Json({"b": [1, 2.5, None], "a": "ü"})])
        assert cursor.fetchone() == ({"a": "ü", "b": [1, 2.5, None]},)
    with connection.cursor() as cursor, pytest.raises(errors.DivisionByZero) as caught:
        cursor.execute("SELECT 1 / 0")
    assert caught.value.pgcode == "22012"
    connection.close()

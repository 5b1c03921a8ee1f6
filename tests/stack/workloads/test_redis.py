"""redis-py against a Redis or Valkey server."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from redis import Redis
    from redis.client import PubSub
    from stack_suite.servers import Server


@pytest.fixture
def connect(server: Callable[[str], Server]) -> Iterator[Callable[..., Redis]]:
    """Return a function that makes a client with a connection of its own."""
    import redis

    url, clients = server("redis")["url"], []

    def make(*, text: bool = True) -> Redis:
        clients.append(redis.Redis.from_url(url, decode_responses=text))
        return clients[-1]

    yield make
    for client in clients:
        client.close()


@pytest.fixture
def key(
    connect: Callable[..., Redis], unique: Callable[[str], str]
) -> Iterator[Callable[..., str]]:
    """Return a function that makes a key of this workload; all are removed after it."""
    names: set[str] = set()

    def make(stem: str) -> str:
        names.add(unique(stem))
        return unique(stem)

    yield make
    connect().delete(*names)


@pytest.mark.workload(
    "redis-values",
    needs=("redis",),
    servers=("redis",),
    seconds=0.5,
    timeout=60,
    oldest={"redis": "4.5.1"},
)
def test_values(connect: Callable[..., Redis], key: Callable[[str], str]) -> None:
    """Write values of each kind with one client, and read them with another."""
    import redis

    writer, reader = connect(), connect()
    text, number, table, ranks = key("text"), key("number"), key("table"), key("ranks")
    assert writer.set(text, "값 é\n", px=60_000) is True
    assert writer.set(text, "another", nx=True) is None
    assert reader.get(text) == "값 é\n"
    assert 0 < reader.pttl(text) <= 60_000
    assert reader.get(key("never_written")) is None
    assert [writer.incrby(number, 5), writer.decr(number)] == [5, 4]
    assert writer.hset(table, mapping={"name": "Ada", "age": 36}) == 2
    assert reader.hgetall(table) == {"name": "Ada", "age": "36"}
    writer.zadd(ranks, {"low": 1.5, "high": 99, "middle": 7})
    assert reader.zrange(ranks, 0, 1, desc=True, withscores=True) == [
        ("high", 99.0),
        ("middle", 7.0),
    ]
    with pytest.raises(redis.ResponseError, match="WRONGTYPE"):
        reader.lpush(text, "x")

    binary = connect(text=False)
    binary.set(number, bytes(range(256)))
    assert binary.get(number) == bytes(range(256))

    with writer.pipeline(transaction=True) as pipe:
        pipe.watch(table)
        reader.hset(table, "age", 37)
        pipe.multi()
        pipe.hset(table, "age", 0)
        with pytest.raises(redis.WatchError):
            pipe.execute()
    with writer.pipeline(transaction=True) as pipe:
        assert pipe.hincrby(table, "age", 1).delete(text).exists(text).execute() == [38, 1, 0]


@pytest.mark.workload(
    "redis-streams",
    needs=("redis",),
    servers=("redis",),
    seconds=0.5,
    timeout=60,
    oldest={"redis": "4.5.1"},
)
def test_streams(connect: Callable[..., Redis], key: Callable[[str], str]) -> None:
    """Publish to a subscriber; share a stream in a group, where what fails is claimed again."""
    publisher, subscriber = connect(), connect().pubsub()
    channel = key("news")
    subscriber.subscribe(channel)
    subscriber.psubscribe(f"{channel}*")
    assert hear(subscriber, 2) == [("subscribe", 1), ("psubscribe", 2)]
    assert publisher.publish(channel, "first") == 2
    assert hear(subscriber, 2) == [("message", "first"), ("pmessage", "first")]
    subscriber.close()

    stream, group = key("orders"), "billing"
    ids = [publisher.xadd(stream, {"order": number}) for number in range(4)]
    publisher.xgroup_create(stream, group, id="0")
    one, two = connect(), connect()
    [(_, taken)] = one.xreadgroup(group, "one", {stream: ">"}, count=3)
    assert taken == [(ids[number], {"order": str(number)}) for number in range(3)]
    [(_, rest)] = two.xreadgroup(group, "two", {stream: ">"}, count=3)
    assert rest == [(ids[3], {"order": "3"})]
    assert one.xack(stream, group, ids[0], ids[1]) == 2
    assert publisher.xpending(stream, group)["pending"] == 2
    claimed = two.xclaim(stream, group, "two", min_idle_time=0, message_ids=[ids[2]])
    assert claimed == [(ids[2], {"order": "2"})]
    pending = publisher.xpending_range(stream, group, "-", "+", 10)
    assert [(one["message_id"], one["consumer"], one["times_delivered"]) for one in pending] == [
        (ids[2], "two", 2),
        (ids[3], "two", 1),
    ]


def hear(subscriber: PubSub, count: int) -> list[tuple[str, object]]:
    """Return the kind and the content of the next messages."""
    messages = [subscriber.get_message(timeout=5) or {} for _ in range(count)]
    return [(message.get("type"), message.get("data")) for message in messages]


@pytest.mark.workload(
    "redis-scripts",
    needs=("redis",),
    servers=("redis",),
    seconds=0.5,
    timeout=60,
    oldest={"redis": "4.5.1"},
)
def test_scripts(connect: Callable[..., Redis], key: Callable[[str], str]) -> None:
    """Run a Lua script by its digest, and hold a lock that others wait for."""
    import redis

    client, other = connect(), connect()
    stock = key("stock")
    take = client.register_script(
        """
        local left = tonumber(redis.call('GET', KEYS[1]) or '0')
        local wanted = tonumber(ARGV[1])
        if left < wanted then return {0, tostring(left)} end
        return {1, tostring(redis.call('DECRBY', KEYS[1], wanted))}
        """
    )
    client.set(stock, 5)
    assert take(keys=[stock], args=[3]) == [1, "2"]
    assert take(keys=[stock], args=[3], client=other) == [0, "2"]
    assert other.script_exists(take.sha) == [True]
    assert client.get(stock) == "2"
    with pytest.raises(redis.ResponseError, match="no such thing"):
        client.eval("return redis.error_reply('ERR no such thing')", 0)

    name = key("lock")
    held, wanted = client.lock(name, timeout=60), other.lock(name, timeout=60)
    assert held.acquire(blocking=False)
    assert not wanted.acquire(blocking=False)
    assert not wanted.acquire(blocking_timeout=0.2)
    with pytest.raises(redis.exceptions.LockError):
        wanted.release()
    held.release()
    assert wanted.acquire(blocking_timeout=5)
    assert other.get(name) == wanted.local.token.decode()
    other.pexpire(name, 1)
    assert client.lock(name, timeout=60).acquire(blocking_timeout=5)
    with pytest.raises(redis.exceptions.LockNotOwnedError):
        wanted.release()

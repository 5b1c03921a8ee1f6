"""kafka-python against a Kafka cluster, or librdkafka's mock of one.

The mock knows no admin requests and only groups of one member, so the workloads ask for no more.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from kafka import KafkaConsumer
    from kafka.consumer.fetcher import ConsumerRecord
    from stack_suite.servers import Server


@pytest.fixture
def member(server: Callable[[str], Server]) -> dict[str, int]:
    """Return the options of a member of a group."""
    if server("kafka")["grade"] != "emulated":
        return {}
    # After a member has left, the mock lets the next one wait for a session's time less a second;
    # it lets the first one wait for three seconds, in which the session must not end.
    return {"session_timeout_ms": 4000, "heartbeat_interval_ms": 1000}


def receive(consumer: KafkaConsumer, count: int, *, seconds: float = 30) -> list[ConsumerRecord]:
    """Return the next records, or those that came in time."""
    records: list[ConsumerRecord] = []
    deadline = time.monotonic() + seconds
    while len(records) < count and time.monotonic() < deadline:
        polled = consumer.poll(timeout_ms=200, max_records=count - len(records))
        records += [record for batch in polled.values() for record in batch]
    return records


@pytest.mark.workload(
    "kafka-messages",
    needs=("kafka-python",),
    servers=("kafka",),
    seconds=1,
    timeout=90,
    oldest={"kafka-python": "2.0.2"},
)
def test_messages(cluster: dict[str, Any], unique: Callable[[str], str]) -> None:
    """Produce compressed messages with keys and headers; consume them by assignment."""
    import json

    from kafka import KafkaConsumer, KafkaProducer, TopicPartition

    topic, yesterday = unique("orders"), int(time.time() - 86400) * 1000
    producer = KafkaProducer(
        **cluster,
        acks="all",
        compression_type="gzip",
        linger_ms=50,
        key_serializer=str.encode,
        value_serializer=lambda value: json.dumps(value).encode(),
    )
    values = [{"number": number, "text": "한글 " * 200} for number in range(20)]
    sent = [
        producer.send(
            topic,
            value,
            key="same",
            headers=[("number", str(number).encode()), ("empty", b"")],
            timestamp_ms=yesterday + number,
        )
        for number, value in enumerate(values)
    ]
    producer.flush(30)
    placed = [future.get(30) for future in sent]
    assert [place.offset for place in placed] == list(range(20))
    assert len({place.partition for place in placed}) == 1
    assert producer.metrics()["producer-metrics"]["compression-rate-avg"] < 0.2
    producer.close()

    consumer = KafkaConsumer(
        **cluster,
        key_deserializer=bytes.decode,
        value_deserializer=json.loads,
        enable_auto_commit=False,
    )
    partition = TopicPartition(topic, placed[0].partition)
    consumer.assign([partition])
    assert consumer.beginning_offsets([partition]) == {partition: 0}
    assert consumer.end_offsets([partition]) == {partition: 20}
    consumer.seek_to_beginning(partition)
    records = receive(consumer, 20)
    assert [record.value for record in records] == values
    assert {record.key for record in records} == {"same"}
    assert records[7].headers == [("number", b"7"), ("empty", b"")]
    assert [record.timestamp for record in records] == [yesterday + n for n in range(20)]
    consumer.seek(partition, 18)
    assert [record.offset for record in receive(consumer, 2)] == [18, 19]
    consumer.close()


@pytest.mark.workload(
    "kafka-group",
    needs=("kafka-python",),
    servers=("kafka",),
    seconds=8,
    timeout=90,
    oldest={"kafka-python": "2.0.2"},
)
def test_group(
    cluster: dict[str, Any], member: dict[str, int], unique: Callable[[str], str]
) -> None:
    """Consume in a group, commit in the middle, and resume there with a new consumer."""
    from kafka import KafkaConsumer, KafkaProducer, TopicPartition
    from kafka.structs import OffsetAndMetadata

    topic, group = unique("events"), unique("readers")
    producer = KafkaProducer(**cluster)
    for number in range(6):
        producer.send(topic, b"%d" % number, partition=0)
    producer.flush(30)
    producer.close()

    def join() -> KafkaConsumer:
        return KafkaConsumer(
            topic,
            **cluster,
            **member,
            group_id=group,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
        )

    partition = TopicPartition(topic, 0)
    first = join()
    assert [record.value for record in receive(first, 4)] == [b"0", b"1", b"2", b"3"]
    assert partition in first.assignment()
    first.commit({partition: OffsetAndMetadata(3, "half way")})
    first.close(autocommit=False)

    second = join()
    assert [record.value for record in receive(second, 3)] == [b"3", b"4", b"5"]
    assert second.committed(partition) == 3
    second.commit()
    assert second.committed(partition) == 6
    assert receive(second, 1, seconds=1) == []
    second.close(autocommit=False)

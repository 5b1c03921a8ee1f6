"""Serve librdkafka's mock of a Kafka cluster until killed, and say where.

Run as a script with the folder of the unpacked wheel, and the file to write the address to.
"""

from __future__ import annotations

import signal
import sys
from importlib import import_module
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, sys.argv[1])
    kafka = import_module("confluent_kafka")
    owner = kafka.Producer(
        {"test.mock.num.brokers": 1, "bootstrap.servers": "replaced by the mock's"}
    )
    broker = next(iter(owner.list_topics(timeout=30).brokers.values()))
    Path(sys.argv[2]).write_text(f"{broker.host}:{broker.port}", encoding="utf-8")
    signal.pause()

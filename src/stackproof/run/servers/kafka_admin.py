"""Ask a Kafka cluster what it is, or delete the topics and groups of a run.

Run as a script with the folder of the unpacked wheel, the bootstrap address, and `describe`, which
prints the cluster's id, or `remove PREFIX`.
"""

from __future__ import annotations

__all__ = ["remove"]

import sys
from importlib import import_module
from typing import Any

_LIMIT_SECONDS = 5.0


def remove(admin: Any, prefix: str) -> None:  # noqa: ANN401 - the wheel is not there to import
    """Delete every topic and every consumer group whose name starts with the prefix."""
    topics = list(admin.list_topics(timeout=_LIMIT_SECONDS).topics)
    groups = admin.list_consumer_groups().result(_LIMIT_SECONDS).valid
    for names, delete in (
        (topics, admin.delete_topics),
        ([group.group_id for group in groups], admin.delete_consumer_groups),
    ):
        mine = [name for name in names if name.startswith(prefix)]
        for deleted in delete(mine).values() if mine else ():
            deleted.result(_LIMIT_SECONDS)


if __name__ == "__main__":
    sys.path.insert(0, sys.argv[1])
    _kafka = import_module("confluent_kafka")
    _settings = {"bootstrap.servers": sys.argv[2], "log_level": 0}
    _admin = import_module("confluent_kafka.admin").AdminClient(_settings)
    try:
        if sys.argv[3] == "describe":
            sys.stdout.write(_admin.list_topics(timeout=_LIMIT_SECONDS).cluster_id)
        else:
            remove(_admin, sys.argv[4])
    except _kafka.KafkaException as error:
        sys.exit(error.args[0].str())

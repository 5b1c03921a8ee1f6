"""PyMongo: the bytes it makes of documents, and how it speaks with a server.

No package index has a MongoDB, so its counterpart is a small server of ours (`apps/mongo_wire.py`).
"""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import pytest


@pytest.mark.workload(
    "pymongo-bson", needs=("pymongo",), seconds=1, timeout=60, oldest={"pymongo": "4.0"}
)
def test_bson() -> None:
    """Encode documents to the bytes that the format's specification states, and read them back."""
    import bson
    import pymongo
    from bson import json_util
    from bson.codec_options import CodecOptions

    assert bson.has_c() == pymongo.has_c()
    three = "02 3000 08000000 617765736f6d6500 01 3100 3333333333331440 10 3200 c2070000"
    for simple, stated in (
        ({"hello": "world"}, "16000000 02 68656c6c6f00 06000000 776f726c6400 00"),
        (
            {"BSON": ["awesome", 5.05, 1986]},
            f"31000000 04 42534f4e00 26000000 {three} 00 00",
        ),
        ({"값": None}, "0a000000 0a eab09200 00"),
        ({"big": 2**40}, "12000000 12 62696700 0000000000010000 00"),
    ):
        assert bson.encode(simple) == bytes.fromhex(stated)
        assert bson.decode(bytes.fromhex(stated)) == simple

    aware = CodecOptions(tz_aware=True, uuid_representation=bson.binary.UuidRepresentation.STANDARD)
    document: dict[str, Any] = {
        "_id": bson.ObjectId("65e0d0f0c0ffee0123456789"),
        "at": dt.datetime(1969, 2, 28, 23, 59, 59, 999_000, tzinfo=dt.timezone.utc),
        "price": bson.Decimal128("10.350"),
        "key": uuid.UUID("12345678-1234-5678-1234-567812345678"),
        "raw": bytes(range(256)),
        "deep": {"list": [1, -1.5, True, {"x": bson.Int64(1)}]},
        "like": bson.Regex("^a", "i"),
    }
    encoded = bson.encode(document, codec_options=aware)
    assert bson.decode(encoded, codec_options=aware) == document
    assert document["_id"].generation_time.year == 2024
    assert str(document["price"].to_decimal()) == "10.350"
    assert bytes.fromhex("05 6b657900 10000000 04 12345678") in encoded
    with pytest.raises(OverflowError):
        bson.encode({"big": 2**64})
    with pytest.raises(bson.errors.InvalidBSON):
        bson.decode(encoded[:-1])
    told = '{"_id": {"$oid": "65e0d0f0c0ffee0123456789"}, "n": 1}'
    assert json_util.loads(told) == {"_id": document["_id"], "n": 1}
    assert json_util.dumps(json_util.loads(told)) == told


@pytest.mark.workload(
    "pymongo-requests", needs=("pymongo",), seconds=2, timeout=60, oldest={"pymongo": "4.0"}
)
def test_requests() -> None:
    """Send commands in MongoDB's wire protocol, and understand what comes back.

    No MongoDB takes part, so this proves the client, and no more.
    """
    import pymongo
    from apps.mongo_wire import serving
    from pymongo.errors import BulkWriteError, DuplicateKeyError, OperationFailure

    orders = [{"_id": n, "who": "Ada" if n % 2 else "한글", "total": n * 1.5} for n in range(1, 10)]
    with serving() as server:
        host, port = server.server_address[:2]
        client = pymongo.MongoClient(host, port, directConnection=True, appname="stackproof")
        table = client["shop"].get_collection("orders", write_concern=pymongo.WriteConcern(w=1))
        assert table.insert_many(orders).inserted_ids == list(range(1, 10))
        with pytest.raises(DuplicateKeyError) as twice:
            table.insert_one({"_id": 3})
        assert (twice.value.code, twice.value.details["keyValue"]) == (11000, {"_id": 3})
        with pytest.raises(BulkWriteError) as partly:
            table.insert_many([{"_id": 20}, {"_id": 3}, {"_id": 21}])
        assert partly.value.details["nInserted"] == 1
        assert partly.value.details["writeErrors"][0]["index"] == 1

        found = table.find({"who": "Ada"}, {"total": 1}, sort=[("total", -1)], max_time_ms=900)
        assert [one["_id"] for one in found] == [1, 3, 5, 7, 9]
        with pytest.raises(OperationFailure, match="no dropIndexes") as refused:
            table.drop_index("total_1")
        assert refused.value.code == 59
        client.close()

    sent = {name: [one for one in server.commands if name in one] for name in ("insert", "find")}
    assert [one["insert"] for one in sent["insert"]] == ["orders"] * 3
    assert sent["insert"][0]["documents"] == orders
    assert sent["insert"][0]["ordered"] is True
    [find] = sent["find"]
    assert {key: find[key] for key in ("filter", "projection", "sort", "maxTimeMS", "$db")} == {
        "filter": {"who": "Ada"},
        "projection": {"total": 1},
        "sort": {"total": -1},
        "maxTimeMS": 900,
        "$db": "shop",
    }
    more = [(one["getMore"], one["collection"]) for one in server.commands if "getMore" in one]
    assert more == [(77, "orders"), (77, "orders")]

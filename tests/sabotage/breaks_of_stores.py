"""Wrong values in databases, queues, metrics and tables, each with the workload's words for it."""

from __future__ import annotations

__all__ = ["STORES"]

from breaks import Break

NO_CURSOR = """
connect = module.connect
class Cursor(module.extensions.cursor):
    def copy_expert(self, *_, **__):
        pass
def connect_idly(*args, **options):
    connection = connect(*args, **options)
    connection.cursor_factory = Cursor
    return connection
module.connect = connect_idly
"""
AUTOCOMMIT = """
connect = module.connect
def connect_loosely(*args, **options):
    connection = connect(*args, **options)
    connection.autocommit = True
    return connection
module.connect = connect_loosely
"""
WRONG_MODEL = """
def load(self, state):
    self.__dict__ = {**state, "coef_": state["coef_"] * 1.000001}
module.LogisticRegression.__setstate__ = load
"""
LESS_PRECISE = """
fit = module.LinearRegression.fit
def fit_roughly(self, *args):
    fit(self, *args).coef_[0] += 1e-6
    return self
module.LinearRegression.fit = fit_roughly
"""
TYPE_TWICE = """
generate = module.generate_latest
module.generate_latest = lambda *registry: generate(*registry) + b"# TYPE queue_length gauge\\n"
"""
OTHER_DTYPE = """
read = module.PyArrowImpl.read
module.PyArrowImpl.read = lambda *args, **options: read(*args, **options).astype({"int8": "int64"})
"""

NAIVE_TIME = """
decode = module.decode
module.decode = lambda data, *_, **__: decode(data)
"""
ONE_BATCH = """
refresh = module.Cursor._refresh
def refresh_once(self):
    return 0 if self._id else refresh(self)
module.Cursor._refresh = refresh_once
"""
LAST_ROW_LOST = """
execute = module.CMySQLCursor.executemany
module.CMySQLCursor.executemany = lambda self, words, rows: execute(self, words, rows[:-1])
"""

STORES = [
    Break(
        "mysql-values",
        "mysql.connector.cursor_cext",
        LAST_ROW_LOST,
        "assert 1 == 2",
        does="`executemany` loses the last row",
    ),
    Break(
        "mysql-transactions",
        "mysql.connector.connection_cext",
        "module.CMySQLConnection.rollback = lambda self: None",
        "At index 1 diff: True != False",
        does="ROLLBACK does nothing",
    ),
    Break(
        "pymongo-bson",
        "bson",
        NAIVE_TIME,
        "tzinfo",
        does="times come back without their zone",
    ),
    Break(
        "pymongo-bson",
        "bson.decimal128",
        "module.Decimal128.to_decimal = lambda self: module.decimal.Decimal('10.35')",
        "'10.35' == '10.350'",
        does="a decimal loses its last zero",
    ),
    Break(
        "pymongo-requests",
        "pymongo.synchronous.cursor",
        ONE_BATCH,
        "[1, 3] == [1, 3, 5, 7, 9]",
        does="a cursor ends after its first batch",
    ),
    Break(
        "pymongo-requests",
        "pymongo.synchronous.collection",
        "module._check_write_command_response = lambda *_: None",
        "DID NOT RAISE <class 'pymongo.errors.DuplicateKeyError'>",
        does="a refused write raises nothing",
    ),
    Break(
        "sqlalchemy-orm",
        "sqlalchemy.dialects.postgresql.psycopg2",
        "module._PGNumeric.result_processor = lambda *_: float",
        "('Ada', 10.35)",
        does="numeric results come back as floats",
    ),
    Break(
        "sqlalchemy-transactions",
        "sqlalchemy.engine.default",
        "module.DefaultDialect.do_rollback_to_savepoint = lambda *_: None",
        "[('a', 10), ('b', 95)]",
        does="rolling back to a savepoint does nothing",
    ),
    Break("psycopg2-copy", "psycopg2", NO_CURSOR, "assert -1 == 5000", does="COPY does nothing"),
    Break(
        "psycopg2-types",
        "psycopg2.extras",
        "module.Json.dumps = lambda *_: '{}'",
        "assert ({},) == ",
        does="JSON is sent as `{}`",
    ),
    Break(
        "redis-values",
        "redis.client",
        "module.Redis.get = lambda *_: None",
        "assert None == ",
        does="GET returns None",
    ),
    Break(
        "redis-scripts",
        "redis.lock",
        "module.Lock.do_release = lambda *_: None",
        "assert False",
        does="releasing a lock does nothing",
    ),
    Break(
        "kafka-messages",
        "kafka.record.default_records",
        "module.DefaultRecordBatchBuilder._maybe_compress = lambda *_: False",
        "assert 1.0 < 0.2",
        does="batches are not compressed",
    ),
    Break(
        "kafka-group",
        "kafka.consumer.group",
        "module.KafkaConsumer.commit = lambda *_: None",
        "assert [b'0', b'1', b'2'] == [b'3', b'4', b'5']",
        does="committing offsets does nothing",
    ),
    Break(
        "prometheus-exposition",
        "prometheus_client.metrics",
        "module.Histogram.observe = lambda self, amount: self._sum.inc(amount)",
        "('took_seconds_count', frozenset()): 0.0",
        does="observations do not count in the histogram",
    ),
    Break(
        "prometheus-exposition",
        "prometheus_client.exposition",
        TYPE_TWICE,
        "second TYPE line",
        does="a type is said twice, which only `promtool` minds",
    ),
    Break(
        "prometheus-multiprocess",
        "prometheus_client.values",
        "module.ValueClass = module.MutexValue",
        "assert {} == ",
        does="values are kept in the process only",
    ),
    Break(
        "grafana-requests",
        "grafana_client.client",
        "module.TokenAuth.__call__ = lambda self, request: request",
        "None != 'Bearer to-ken'",
        does="requests carry no token",
    ),
    Break(
        "grafana-dashboards",
        "grafana_client.elements.dashboard",
        "module.Dashboard.delete_dashboard = lambda *_: None",
        "DID NOT RAISE",
        does="deleting a dashboard does nothing",
    ),
    Break(
        "pandas-parquet",
        "pandas.io.parquet",
        OTHER_DTYPE,
        'Attribute "dtype" are different',
        does="int8 columns come back as int64",
    ),
    Break(
        "pandas-arrow",
        "pandas.core.groupby.groupby",
        "module.GroupBy.sum = module.GroupBy.max",
        "assert {0: 9996.0, ",
        does="grouped sums give the maximum",
    ),
    Break(
        "pandas-sql",
        "pandas.io.sql",
        "module.SQLTable.insert = lambda *_, **__: 3",
        "assert 0 == 6",
        does="inserting rows does nothing",
    ),
    Break(
        "sklearn-pickle",
        "sklearn.linear_model._logistic",
        WRONG_MODEL,
        "Arrays are not equal",
        does="a pickled model comes back with other coefficients",
    ),
    Break(
        "sklearn-estimators",
        "sklearn.linear_model._base",
        LESS_PRECISE,
        "Not equal to tolerance",
        does="a fitted coefficient is off by 1e-6",
    ),
    Break(
        "sqlalchemy-transactions",
        "psycopg2",
        AUTOCOMMIT,
        "[('a', 70), ('b', 35)] == [('a', 100), ('b', 5)]",
        does="every statement commits by itself",
    ),
    Break(
        "sqlalchemy-orm",
        "sqlalchemy.orm.session",
        "def delete(self, instance): pass\nmodule.Session.delete = delete",
        "assert [(2,)] == [(0,)]",
        does="deleting an object does nothing",
    ),
    Break(
        "redis-values",
        "redis.client",
        "module.Pipeline.watch = lambda *_: None",
        "DID NOT RAISE <class 'redis.exceptions.WatchError'>",
        does="WATCH does nothing",
    ),
    Break(
        "redis-streams",
        "redis.client",
        "module.PubSub.get_message = lambda *_, **__: None",
        "assert [(None, None), ",
        does="a subscriber gets no message",
    ),
    Break(
        "redis-streams",
        "redis.client",
        "module.Redis.xack = lambda *_: 2",
        "assert 4 == 2",
        does="acknowledging does nothing",
    ),
    Break(
        "redis-scripts",
        "redis.commands.core",
        "module.Script.__call__ = lambda *_, **__: [1, '2']",
        "assert [1, '2'] == [0, '2']",
        does="the Lua script always says yes",
    ),
    Break(
        "prometheus-scrape",
        "prometheus_client.metrics",
        "module.Gauge.set = lambda *_: None",
        "assert [0.0] == [-2.5]",
        does="a gauge keeps its old value",
    ),
    Break(
        "grafana-requests",
        "grafana_client.elements.folder",
        "module.Folder.create_folder = lambda *_, **__: {'uid': 'f1'}",
        "KeyError: 'version'",
        does="a created folder's answer lacks fields",
    ),
]

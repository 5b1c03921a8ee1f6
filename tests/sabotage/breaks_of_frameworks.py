"""Wrong values in frameworks and services, each with the workload's words for it."""

from __future__ import annotations

__all__ = ["FRAMEWORKS"]

from breaks import Break

WRONG_GRADIENT = """
run = module._engine_run_backward
module._engine_run_backward = lambda tensors, gradients, *args, **options: run(
    tensors, tuple(1.000001 * gradient for gradient in gradients), *args, **options
)
"""
COPYING_BRIDGE = """
share = module.from_numpy
module.from_numpy = lambda array: share(array.copy())
"""
COPYING_VIEW = """
view = module.Tensor.numpy
module.Tensor.numpy = lambda self: view(self).copy()
"""
OTHER_STATE = """
load = module.Module.load_state_dict
def load_roughly(self, state, *args, **options):
    return load(self, {name: value + 1e-6 for name, value in state.items()}, *args, **options)
module.Module.load_state_dict = load_roughly
"""
OTHER_SCRIPT = """
load = module.load
def load_less(*args, **options):
    script = load(*args, **options)
    next(script.parameters()).data.zero_()
    return script
module.load = load_less
"""
SAME_ANSWER = """
forward = module.ResNet.forward
def forward_constantly(self, images):
    return forward(self, images) * 0
module.ResNet.forward = forward_constantly
"""
PNG_AS_BLACK = """
module.decode_png = lambda *_, **__: module.torch.zeros(3, 8, 8, dtype=module.torch.uint8)
"""
OTHER_PITCH = """
forward = module.Spectrogram.forward
module.Spectrogram.forward = lambda self, wave: forward(self, wave[::2])
"""
BRANCH_ASTRAY = """
skip = module.SkipMixin.skip_all_except
module.SkipMixin.skip_all_except = lambda self, ti, branch_task_ids: skip(ti, ["letter"])
"""
OTHER_XCOM = """
serialize = module.BaseXCom.serialize_value
module.BaseXCom.serialize_value = staticmethod(
    lambda value, **options: serialize(value + 1 if type(value) is int else value, **options)
)
"""
NO_RETRY = """
module._is_eligible_to_retry = lambda **_: False
"""
HIDDEN_ERRORS = """
collect = module.DagBag.collect_dags
def collect_silently(self, *args, **options):
    collect(self, *args, **options)
    self.import_errors.clear()
module.DagBag.collect_dags = collect_silently
"""
NO_ROWS = """
module.DbApiHook.insert_rows = lambda *_, **__: None
"""
NO_RECORDS = """
module.DbApiHook.get_records = lambda *_, **__: []
"""
REPLACING_NOTHING = """
insert = module.PostgresHook._generate_insert_sql
def insert_only(*args, **options):
    before, update, _ = insert(*args, **options).partition(" DO UPDATE ")
    return before + " DO NOTHING" if update else before
module.PostgresHook._generate_insert_sql = insert_only
"""
HOOK_NOWHERE = """
get_connection = module.RedisHook.get_connection
def get_connection_nowhere(conn_id):
    found = get_connection(conn_id)
    found.port = 9
    return found
module.RedisHook.get_connection = staticmethod(get_connection_nowhere)
"""
NOT_RUN = """
module._execute_in_fork = module._execute_in_subprocess = lambda *_, **__: None
"""
NO_METRIC = """
module.{store}.log_metric = lambda *_, **__: None
module.{store}.log_batch = lambda *_, **__: None
"""
OTHER_OUTPUT = """
predict = module.PyFuncModel.predict
module.PyFuncModel.predict = lambda *args, **options: predict(*args, **options) + 1e-6
"""
UNCHECKED = """
module._validate_prediction_input = lambda data, params, *_, **__: (data, params)
"""
FIRST_VERSION = """
find = module.SqlAlchemyStore.get_model_version_by_alias
def find_first(self, name, alias):
    return self.get_model_version(name, "1")
module.SqlAlchemyStore.get_model_version_by_alias = find_first
"""
NO_PARENT = """
create = module.MlflowClient.create_run
def create_orphan(self, experiment_id, start_time=None, tags=None, run_name=None):
    tags = {k: v for k, v in (tags or {}).items() if k != "mlflow.parentRunId"}
    return create(self, experiment_id, start_time, tags, run_name)
module.MlflowClient.create_run = create_orphan
"""
NOTHING_ONLINE = """
module.SqliteOnlineStore.online_read = lambda self, config, table, keys, requested_features=None: [
    (None, None) for _ in keys
]
"""
OTHER_ONLINE = """
read = module.SqliteOnlineStore.online_read
def read_other(self, *args, **options):
    found = read(self, *args, **options)
    for _, values in found:
        for value in (values or {}).values():
            if value.WhichOneof("val") == "float_val":
                value.float_val = 2.0
    return found
module.SqliteOnlineStore.online_read = read_other
"""
TIMELESS_JOIN = """
module._filter_ttl = lambda df, *_: df
"""
CONSTANT = """
transform = module.PandasTransformation.transform_arrow
def transform_to_nothing(self, table, features):
    frame = transform(self, table, features).to_pandas() * 0
    return module.pyarrow.Table.from_pandas(frame)
module.PandasTransformation.transform_arrow = transform_to_nothing
"""
UNVALIDATED = """
validate = module.ModelField.validate
def validate_nothing(self, value, *args, **options):
    found, errors = validate(self, value, *args, **options)
    return (self.type_.model_construct(customer="Ada", items=[]) if errors else found), None
module.ModelField.validate = validate_nothing
"""
ECHO = """
receive = module.WebSocket.receive_json
async def receive_once(self, mode="text"):
    if hasattr(self, "kept"):
        await receive(self, mode)
    else:
        self.kept = await receive(self, mode)
    return self.kept
module.WebSocket.receive_json = receive_once
"""
KILLED = """
import os, signal
module.Server.handle_exit = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
"""
HASTY = """
async def wait_for_nobody(self):
    for connection in list(self.server_state.connections):
        connection.transport.abort()
module.Server._wait_tasks_to_complete = wait_for_nobody
"""
NEVER_CLOSED = """
async def close(self):
    pass
module.LifespanOn.shutdown = close
"""

OTHER_VALUE = """
write = module.Executor.write_output_parameter_value
def write_other(self, name, value):
    write(self, name, "low" if value == "high" else value)
module.Executor.write_output_parameter_value = write_other
"""
OTHER_SCALE = """
convert = module.to_onnx
def convert_roughly(*args, **options):
    model = convert(*args, **options)
    [scale] = [a for n in model.graph.node for a in n.attribute if a.name == "scale"]
    scale.floats[0] *= 1.001
    return model
module.to_onnx = convert_roughly
"""
HEAD_FOR_ALL = """
module.get_worker_container_spec = module.get_head_container_spec
"""

FRAMEWORKS = [
    Break(
        "kfp-compile",
        "kfp.dsl.pipeline_task",
        "module.PipelineTask.set_retry = lambda self, *_, **__: self",
        "KeyError: 'retryPolicy'",
        does="a task's retries are dropped",
    ),
    Break(
        "kfp-compile",
        "kfp.dsl.executor",
        OTHER_VALUE,
        "assert 'low' == 'high'",
        does="a step tells another value than it returned",
    ),
    Break(
        "skl2onnx-convert",
        "skl2onnx.convert",
        OTHER_SCALE,
        "Not equal to tolerance",
        does="a converted scaler is off by a thousandth",
    ),
    Break(
        "skl2onnx-convert",
        "onnx.checker",
        "module.check_model = lambda *_, **__: None",
        "DID NOT RAISE",
        does="onnx finds every model valid",
    ),
    Break(
        "codeflare-cluster",
        "codeflare_sdk.ray.cluster.build_ray_cluster",
        HEAD_FOR_ALL,
        "'cpu': 2",
        does="workers get the resources of the head",
    ),
    Break(
        "codeflare-cluster",
        "codeflare_sdk.ray.cluster.cluster",
        "module._delete_resources = lambda *_: None",
        "not enough values to unpack",
        does="removing a cluster asks Kubernetes for nothing",
    ),
    Break(
        "torch-gradient",
        "torch.autograd",
        WRONG_GRADIENT,
        "Tensor-likes are not close",
        does="autograd gives gradients off by 1e-6",
    ),
    Break(
        "torch-numpy-bridge",
        "torch",
        COPYING_BRIDGE,
        "assert [[7.0, 1.0, 2....0, 4.0, 5.0]] == [[0.0, 1.0, 2",
        does="`from_numpy` copies",
    ),
    Break(
        "torch-numpy-bridge",
        "torch",
        COPYING_VIEW,
        "assert [0, 0, 0] == [2, 2, 2]",
        does="`Tensor.numpy` copies",
    ),
    Break(
        "torch-training",
        "torch.optim.adam",
        "module.Adam.step = lambda *_: None",
        "< 0.001",
        does="the optimizer's step does nothing",
    ),
    Break(
        "torch-training",
        "torch.nn.modules.module",
        OTHER_STATE,
        "built-in method equal",
        does="a loaded state is off by 1e-6",
    ),
    Break(
        "torch-training",
        "torch.jit",
        OTHER_SCRIPT,
        "Tensor-likes are not close",
        does="a loaded TorchScript has lost a layer's weights",
    ),
    Break(
        "torchvision-images",
        "torchvision.ops",
        "module.nms = lambda boxes, *_, **__: module.boxes.torch.arange(len(boxes))",
        "assert [0, 1, 2] == [1, 2]",
        does="`nms` keeps every box",
    ),
    Break(
        "torchvision-images",
        "torchvision.io",
        PNG_AS_BLACK,
        "built-in method equal",
        does="PNG decodes to black",
    ),
    Break(
        "torchvision-images",
        "torchvision.models.resnet",
        SAME_ANSWER,
        "Tensor-likes are not close",
        does="ResNet answers zeros",
    ),
    Break(
        "torchaudio-sines",
        "torchaudio.functional",
        "module.resample = lambda wave, *_: wave",
        "assert torch.Size([16000]) == (8000,)",
        does="`resample` returns its input",
    ),
    Break(
        "torchaudio-sines",
        "torchaudio.transforms",
        OTHER_PITCH,
        "assert ((100 * 8000) / 400) == 1000",
        does="the spectrogram drops every other sample",
    ),
    Break(
        "airflow-sqlite",
        "airflow.models.xcom",
        OTHER_XCOM,
        "{'double': 43, 'make': 21}",
        does="XCom stores numbers one too high",
    ),
    Break(
        "airflow-postgres",
        "airflow.models.taskinstance",
        NO_RETRY,
        "'failed'> == 'success'",
        does="no task is retried",
    ),
    Break(
        "airflow-postgres",
        "airflow.models.skipmixin",
        BRANCH_ASTRAY,
        "{'letter': 'success'} != {'letter': 'skipped'}",
        does="the branch follows the other side",
    ),
    Break(
        "airflow-postgres",
        "airflow.models.xcom",
        OTHER_XCOM,
        "assert 4 == 3",
        does="XCom stores numbers one too high",
    ),
    Break(
        "airflow-postgres",
        "airflow.models.dagbag",
        HIDDEN_ERRORS,
        "assert [] == ['broken.py']",
        does="import errors of DAG files are hidden",
    ),
    Break(
        "airflow-postgres-hook",
        "airflow.providers.common.sql.hooks.sql",
        NO_RECORDS,
        "assert [] == [('milk', 1), ('tea', 5)]",
        does="`get_records` returns nothing",
    ),
    Break(
        "airflow-postgres-hook",
        "airflow.providers.common.sql.hooks.sql",
        NO_ROWS,
        "assert [] == [('milk', 1), ('tea', 5)]",
        does="`insert_rows` inserts nothing",
    ),
    Break(
        "airflow-postgres-hook",
        "airflow.providers.postgres.hooks.postgres",
        REPLACING_NOTHING,
        "('tea', 3)",
        does="`insert_rows(replace=True)` replaces nothing",
    ),
    Break(
        "airflow-redis-hook",
        "airflow.providers.redis.hooks.redis",
        HOOK_NOWHERE,
        "refused",
        does="the hook connects to another port",
    ),
    Break(
        "airflow-redis-hook",
        "redis.commands.core",
        "module.BasicKeyCommands.set = lambda *_, **__: True",
        "assert None == b'tea'",
        does="SET does nothing",
    ),
    Break(
        "airflow-celery",
        "airflow.providers.celery.executors.celery_executor_utils",
        NOT_RUN,
        "assert 'failed' == 'success'",
        does="the Celery worker reports success without running the task",
    ),
    Break(
        "airflow-celery",
        "airflow.models.xcom",
        OTHER_XCOM,
        "assert '43' == '42'",
        does="XCom stores numbers one too high",
    ),
    Break(
        "mlflow-sqlite",
        "mlflow.store.tracking.sqlalchemy_store",
        NO_METRIC.format(store="SqlAlchemyStore"),
        "assert {} == {",
        does="metrics and parameters are dropped by the store",
    ),
    Break(
        "mlflow-torch-model",
        "mlflow.pyfunc",
        OTHER_OUTPUT,
        "Arrays are not equal",
        does="a pyfunc predicts values off by 1e-6",
    ),
    Break(
        "mlflow-torch-model",
        "mlflow.pyfunc",
        UNCHECKED,
        "cannot be multiplied (3x3 and 4x8)",
        does="the signature is not enforced",
    ),
    Break(
        "mlflow-sklearn-autolog",
        "mlflow.sklearn",
        "module.autolog = lambda: None",
        "KeyError: 'C'",
        does="autolog does nothing",
    ),
    Break(
        "mlflow-sklearn-autolog",
        "mlflow.sklearn",
        "autolog = module.autolog; module.autolog = lambda: autolog(log_models=False)",
        "artifacts/model",
        does="autolog records no model",
    ),
    Break(
        "mlflow-server",
        "mlflow.store.tracking.sqlalchemy_store",
        NO_METRIC.format(store="SqlAlchemyStore"),
        "assert [] == [('loss', 0.2",
        does="metrics and parameters are dropped by the server",
    ),
    Break(
        "mlflow-server",
        "mlflow.tracking.client",
        NO_PARENT,
        "assert [] == ['3', '2']",
        does="nested runs lose their parent",
    ),
    Break(
        "mlflow-registry",
        "mlflow.store.model_registry.sqlalchemy_store",
        FIRST_VERSION,
        "x: array([ 8.,  7., 17.])",
        does="an alias always leads to version 1",
    ),
    Break(
        "mlflow-registry",
        "mlflow.pyfunc",
        UNCHECKED,
        "The feature names should match",
        does="the signature is not enforced",
    ),
    Break(
        "mlflow-registry",
        "mlflow.pyfunc",
        OTHER_OUTPUT,
        "Max absolute difference: 1.e-06",
        does="a pyfunc predicts values off by 1e-6",
    ),
    Break(
        "feast-lifecycle",
        "feast.infra.online_stores.sqlite",
        OTHER_ONLINE,
        "assert [2.0] == [",
        does="the online store answers other values",
    ),
    Break(
        "feast-lifecycle",
        "feast.transformation.pandas_transformation",
        CONSTANT,
        "assert [0.0] == [7",
        does="the on-demand view gives zeros",
    ),
    Break(
        "feast-lifecycle",
        "feast.infra.offline_stores.dask",
        TIMELESS_JOIN,
        "] == [0.",
        does="the historical join ignores time",
    ),
    Break(
        "feast-point-in-time",
        "feast.infra.offline_stores.dask",
        TIMELESS_JOIN,
        "30} != {",
        does="the historical join ignores time",
    ),
    Break(
        "web-validation",
        "fastapi._compat",
        UNVALIDATED,
        "assert 200 == 422",
        does="an invalid body is accepted",
    ),
    Break(
        "web-websocket",
        "starlette.websockets",
        ECHO,
        "assert [2, 2] == [2, 40]",
        does="the websocket answers for its first message again",
    ),
    Break(
        "web-graceful-stop",
        "uvicorn.server",
        KILLED,
        "RemoteDisconnected",
        does="the server dies at once when asked to stop",
    ),
    Break(
        "web-graceful-stop",
        "uvicorn.server",
        HASTY,
        "RemoteDisconnected",
        does="the server drops open connections when asked to stop",
    ),
    Break(
        "web-graceful-stop",
        "uvicorn.lifespan.on",
        NEVER_CLOSED,
        "PosixPath('closed').exists",
        does="the application is not told of the shutdown",
    ),
    Break(
        "nine-together",
        "airflow.providers.common.sql.hooks.sql",
        NO_ROWS,
        "assert [] == [(",
        does="the score is not stored in PostgreSQL",
    ),
    Break(
        "nine-together",
        "redis.commands.core",
        "module.BasicKeyCommands.set = lambda *_, **__: True",
        "not 'NoneType'",
        does="the score is not stored in Redis",
    ),
    Break(
        "nine-together",
        "kafka.producer.kafka",
        "module.KafkaProducer.send = lambda *_, **__: None",
        "{'emit': 'failed'} != {'emit': 'success'}",
        does="the event is not sent",
    ),
    Break(
        "nine-together",
        "prometheus_client.metrics",
        "module.Gauge.set = lambda *_: None",
        "0.0)] == [",
        does="the metric is not set",
    ),
    Break(
        "nine-together",
        "mlflow.store.tracking.file_store",
        NO_METRIC.format(store="FileStore"),
        "assert {} == {'score': ",
        does="MLflow drops the score",
    ),
    Break(
        "nine-together",
        "feast.infra.online_stores.sqlite",
        NOTHING_ONLINE,
        "{'train': 'upstream_failed'} != ",
        does="Feast's online store knows nothing",
    ),
    Break(
        "nine-together",
        "torch.optim.lbfgs",
        "module.LBFGS.step = lambda *_: None",
        "< 1e-06",
        does="training does nothing",
    ),
]

"""skl2onnx: what scikit-learn has learnt, as a model that needs no scikit-learn."""

from __future__ import annotations

import pytest


@pytest.mark.workload(
    "skl2onnx-convert",
    needs=("skl2onnx",),
    uses=("onnx", "scikit-learn", "numpy"),
    seconds=5,
    timeout=120,
    oldest={"skl2onnx": "1.15.0"},
)
def test_convert() -> None:
    """Convert a pipeline; onnx finds the model valid, and its reference predicts the same."""
    import numpy as np
    import onnx
    from onnx.reference import ReferenceEvaluator
    from skl2onnx import to_onnx
    from skl2onnx.common.data_types import FloatTensorType
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    rng = np.random.default_rng(5)
    inputs = rng.normal(3, 10, size=(200, 3)).astype(np.float32)
    label = np.where(inputs @ [2.0, -1.0, 0.5] > 4, "tea", "coffee")
    fitted = make_pipeline(StandardScaler(), LogisticRegression()).fit(inputs, label)
    converted = to_onnx(
        fitted,
        initial_types=[("cup", FloatTensorType([None, 3]))],
        options={"zipmap": False},
        target_opset=15,
    )
    onnx.checker.check_model(converted, full_check=True)
    onnx.save(converted, "model.onnx")
    model = onnx.load("model.onnx")
    assert model == converted
    assert {each.domain: each.version for each in model.opset_import}[""] == 15
    assert [each.name for each in model.graph.input] == ["cup"]

    new = rng.normal(3, 10, size=(50, 3)).astype(np.float32)
    labels, chances = ReferenceEvaluator(model).run(None, {"cup": new})
    assert labels.tolist() == fitted.predict(new).tolist()
    assert set(labels.tolist()) == {"tea", "coffee"}
    np.testing.assert_allclose(chances, fitted.predict_proba(new), atol=1e-5)

    broken = onnx.load("model.onnx")
    broken.graph.node[0].input[0] = "nobody"
    with pytest.raises(onnx.checker.ValidationError, match="nobody"):
        onnx.checker.check_model(broken)

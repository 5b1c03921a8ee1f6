"""Which distribution a document means by the word it uses."""

from __future__ import annotations

import re
from collections.abc import Collection

from packaging.utils import InvalidName, canonicalize_name

from stackproof.base.text import free_name

__all__ = ["distribution", "is_name", "label_of"]

#: Words for projects whose distribution is called otherwise.
_SPOKEN = {
    "pytorch": "torch",
    "sklearn": "scikit-learn",
    "opencv": "opencv-python",
    "beautifulsoup": "beautifulsoup4",
    "airflow": "apache-airflow",
    "sklearn-onnx": "skl2onnx",
}

_PROVIDER = "apache-airflow-providers-"


def is_name(label: str) -> bool:
    """Tell whether a word, its spaces and slashes read as hyphens, can name a distribution."""
    try:
        canonicalize_name(_joined(label), validate=True)
    except InvalidName:
        return False
    return True


def distribution(label: str, known: Collection[str]) -> str:
    """Return the distribution that a word means, among the known ones if it can be.

    Raises InvalidName if the word can name none.
    """
    name = str(canonicalize_name(_joined(label), validate=True))
    if name in known:
        return name
    if name in _SPOKEN:
        return _SPOKEN[name]
    if name.endswith("-provider") and "apache-airflow" in known:
        return _PROVIDER + name.removesuffix("-provider")
    return name


def label_of(text: str, taken: Collection[str] = ()) -> str:
    """Return a text as the name of a matrix or a row: small letters, digits, single hyphens.

    A number tells it from those that are taken.
    """
    label = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "stack"
    return free_name(label, taken)


def _joined(label: str) -> str:
    return "-".join(label.replace("/", " ").split())

"""The matrix: a stack's pins, stages, groups, claims and rows, read from one TOML file."""

from stackproof.matrix.load import find_matrices, load_matrix, parse_matrix
from stackproof.matrix.model import (
    Claim,
    ConstraintSource,
    ExtraStage,
    KnownFailure,
    Matrix,
    Override,
    Pin,
    Remedy,
    Row,
    ServerName,
    Stage,
    json_schema,
)

__all__ = [
    "Claim",
    "ConstraintSource",
    "ExtraStage",
    "KnownFailure",
    "Matrix",
    "Override",
    "Pin",
    "Remedy",
    "Row",
    "ServerName",
    "Stage",
    "find_matrices",
    "json_schema",
    "load_matrix",
    "parse_matrix",
]

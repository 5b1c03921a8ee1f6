"""Documents: what a table and its install commands say, and a first matrix made of it."""

from stackproof.document.first_matrix import first_matrix, left_out
from stackproof.document.problems import DocumentError
from stackproof.document.reading import read_stack
from stackproof.document.stack import Aside, Command, Install, Listed, Stack

__all__ = [
    "Aside",
    "Command",
    "DocumentError",
    "Install",
    "Listed",
    "Stack",
    "first_matrix",
    "left_out",
    "read_stack",
]

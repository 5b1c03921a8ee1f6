"""The options of installers that a document's commands are read by, beside their own help."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from stackproof.matrix.document.options import is_known, takes_value


@pytest.mark.parametrize("installer", [[sys.executable, "-m", "pip"], ["uv", "pip"]])
def test_every_option_of_the_installers_is_known(installer: list[str]) -> None:
    call = [*installer, "install", "--help"]
    shown = subprocess.run(call, capture_output=True, text=True, check=True).stdout
    found = re.findall(r"^ {2,6}(?:(-\w), )?(--[\w-]+)(?:\.\.\.)?( <)?", shown, re.MULTILINE)
    assert len(found) > 40
    for short, name, value in found:
        for option in filter(None, (short, name)):
            assert (option, is_known(option)) == (option, True)
            assert (option, takes_value(option)) == (option, bool(value))

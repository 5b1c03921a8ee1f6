"""The options of installers that a document's commands are read by, beside their own help."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from stackproof.matrix.document.options import is_known, takes_value


@pytest.mark.parametrize("installer", [[sys.executable, "-m", "pip"], ["uv", "pip"]])
def test_options_have_values_as_the_installers_say(installer: list[str]) -> None:
    """What a release to come adds is none of ours yet, and is named in a note until it is."""
    call = [*installer, "install", "--help"]
    shown = subprocess.run(call, capture_output=True, text=True, check=True).stdout
    found = re.findall(r"^ {2,6}(?:(-\w), )?(--[\w-]+)(?:\.\.\.)?( <)?", shown, re.MULTILINE)
    options = [
        (option, bool(value))
        for short, name, value in found
        for option in (short, name)
        if option and is_known(option)
    ]
    assert len(options) > 40
    assert [(option, takes_value(option)) for option, _ in options] == options

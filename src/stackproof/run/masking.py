"""Take secrets and places out of what a suite wrote, and out of nothing but what it said.

A module is named by its place in the environment, `site-packages/werkzeug/urls.py`: so evidence of
two machines, or of a row and a scratch environment, can be compared, and a failure is the same
wherever it happens. Ids, outcomes and keys of a report log must survive whatever a password happens
to be: "postgres" is the commonest of all, and a package's name.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

__all__ = ["mask_report_log", "named_by_place"]

_SAID = ("longrepr", "sections")
_OF_A_PATH = r"[^\s\"'`(),:;<>=\[\]]"
#: What stands before an environment's own modules, as an absolute path or as a relative one. It is
#: looked for where a word begins alone: in each place of a long word it would take hours.
_ENVIRONMENT = re.compile(
    rf"(?<!{_OF_A_PATH}){_OF_A_PATH}*/lib(?:64)?/python\d+\.\d+/(?=site-packages/)"
)


def mask_report_log(text: str, mask: Callable[[str], str]) -> str:
    """Return a pytest report log (JSON lines) with `mask` applied to all that tests said."""
    return "".join(_line(line, mask) for line in text.splitlines(keepends=True))


def named_by_place(text: str, folders: Mapping[str, str]) -> str:
    """Return text with modules of an environment named by their place in it.

    So is what lies in `folders`, which map paths to what they are called.
    """
    for path, name in folders.items():
        text = text.replace(path, name)
    return _ENVIRONMENT.sub("", text)


def _line(line: str, mask: Callable[[str], str]) -> str:
    try:
        entry = json.loads(line)
    except json.JSONDecodeError:
        return ""  # a torn last line holds no result, and might hold half a password
    said = {key: _masked(entry[key], mask) for key in _SAID if key in entry}
    return json.dumps({**entry, **said}) + "\n"


def _masked(value: Any, mask: Callable[[str], str]) -> Any:  # noqa: ANN401 - any JSON value
    if isinstance(value, str):
        return mask(value)
    if isinstance(value, list):
        return [_masked(item, mask) for item in value]
    if isinstance(value, dict):
        return {key: _masked(item, mask) for key, item in value.items()}
    return value

"""The options of installers, as far as they say what is installed."""

from __future__ import annotations

from typing import Literal

__all__ = ["Meaning", "split_option", "takes_value"]

Meaning = Literal["constraint", "index", "list", "elsewhere", "further", "rehearsal", "none"]

_MEANINGS: dict[str, Meaning] = {
    "-c": "constraint",
    "--constraint": "constraint",
    "--constraints": "constraint",
    "-i": "index",
    "--index-url": "index",
    "--default-index": "index",
    "-r": "list",
    "--requirement": "list",
    "--requirements": "list",
    "-e": "elsewhere",
    "--editable": "elsewhere",
    "--extra-index-url": "further",
    "--index": "further",
    "-f": "further",
    "--find-links": "further",
    "--no-deps": "further",
    "--no-index": "further",
    "--pre": "further",
    "--force-reinstall": "further",
    "--ignore-installed": "further",
    "-I": "further",
    "--upgrade-strategy": "further",
    "--no-binary": "further",
    "--only-binary": "further",
    "--prerelease": "further",
    "--exclude-newer": "further",
    "--uploaded-prior-to": "further",
    "--resolution": "further",
    "--override": "further",
    "--overrides": "further",
    "--torch-backend": "further",
    "--dry-run": "rehearsal",
}
#: Those of them that stand alone.
_BARE = (
    "-I",
    "--dry-run",
    "--force-reinstall",
    "--ignore-installed",
    "--no-deps",
    "--no-index",
    "--pre",
)
#: Options whose value is a word of its own, which must not be taken for a requirement.
_VALUED = frozenset(
    [
        *(name for name in _MEANINGS if name not in _BARE),
        "-b",
        "-C",
        "-p",
        "-t",
        "--abi",
        "--build-constraint",
        "--cache-dir",
        "--cert",
        "--client-cert",
        "--config-setting",
        "--config-settings",
        "--extra",
        "--global-option",
        "--group",
        "--implementation",
        "--index-strategy",
        "--keyring-provider",
        "--link-mode",
        "--log",
        "--platform",
        "--prefix",
        "--progress-bar",
        "--proxy",
        "--python",
        "--python-platform",
        "--python-version",
        "--reinstall-package",
        "--report",
        "--retries",
        "--root",
        "--root-user-action",
        "--src",
        "--target",
        "--timeout",
        "--trusted-host",
        "--upgrade-package",
        "--use-feature",
    ]
)


def takes_value(option: str) -> bool:
    """Tell whether the word after an option is its value."""
    return option in _VALUED


def split_option(option: str, following: str = "") -> tuple[Meaning, str]:
    """Return what an option means and its value.

    The value may stand in the option, as in `-cFILE` and `--index-url=URL`; else it is the word
    `following`.
    """
    name, equals, value = option.partition("=")
    if not option.startswith("--") and len(option) > 2:  # noqa: PLR2004 - a short one and its value
        name, equals, value = option[:2], "=", option[2:].removeprefix("=")
    return _MEANINGS.get(name, "none"), value if equals else following.strip()

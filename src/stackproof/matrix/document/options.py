"""The options of pip and uv, as far as they say what is installed."""

from __future__ import annotations

import re
from typing import Literal

__all__ = [
    "Meaning",
    "is_known",
    "meaning_of",
    "option_of_variable",
    "options_in",
    "split_option",
    "takes_value",
]

Meaning = Literal[
    "constraint", "index", "list", "elsewhere", "project", "further", "rehearsal", "none"
]


def _named(text: str) -> frozenset[str]:
    return frozenset(text.split())


_MEANINGS: dict[str, Meaning] = {
    "-c": "constraint",
    "--constraint": "constraint",
    "--constraints": "constraint",
    "-i": "index",
    "--index-url": "index",
    "--pypi-url": "index",
    "--default-index": "index",
    "-r": "list",
    "--requirement": "list",
    "--requirements": "list",
    "-e": "elsewhere",
    "--editable": "elsewhere",
    "--requirements-from-script": "elsewhere",
    "--all-extras": "project",
    "--extra": "project",
    "--group": "project",
    "--extra-index-url": "further",
    "--index": "further",
    "-f": "further",
    "--find-links": "further",
    "--no-deps": "further",
    "--no-dependencies": "further",
    "--only-deps": "further",
    "--only-dependencies": "further",
    "--no-index": "further",
    "--pre": "further",
    "--all-releases": "further",
    "--only-final": "further",
    "--prefer-binary": "further",
    "--force-reinstall": "further",
    "--ignore-installed": "further",
    "-I": "further",
    "--ignore-requires-python": "further",
    "--process-dependency-links": "further",
    "--upgrade-strategy": "further",
    "--no-binary": "further",
    "--only-binary": "further",
    "--no-build": "further",
    "--index-strategy": "further",
    "--prerelease": "further",
    "--prerelease-package": "further",
    "--exclude-newer": "further",
    "--exclude-newer-package": "further",
    "--uploaded-prior-to": "further",
    "--resolution": "further",
    "--excludes": "further",
    "--override": "further",
    "--overrides": "further",
    "--torch-backend": "further",
    "--abi": "further",
    "--implementation": "further",
    "--platform": "further",
    "--python-platform": "further",
    "--python-version": "further",
    "--dry-run": "rehearsal",
}
#: Options whose value may be a word of its own, which must not be taken for a requirement: those
#: that `pip install` has, or had since 1.5, and those of `uv pip install`. A test asks both.
_VALUED = _named(
    """
    -b -C -c -d -e -f -i -P -p -r -t
    --abi --all-releases --allow-external --allow-insecure --allow-insecure-host --allow-unverified
    --build --build-constraint --build-constraints --build-dir --build-directory --cache-dir --cert
    --client-cert --color --config-file --config-setting --config-settings
    --config-settings-package --constraint --constraints --default-index --default-timeout
    --default-vcs --directory --download --download-cache --download-dir --download-directory
    --editable --exclude-newer --exclude-newer-package --excludes --exists-action --extra
    --extra-index-url --find-links --fork-strategy --global-option --group --implementation --index
    --index-strategy --index-url --install-option --keyring-provider --link-mode --local-log --log
    --log-file --mirrors --no-binary --no-build-isolation-package --no-build-package
    --no-editable-package --no-sources-package --only-binary --only-final --output-format
    --override --overrides --platform --prefix --prerelease --prerelease-package --preview-features
    --progress-bar --project --proxy --pypi-url --python --python-fetch --python-platform
    --python-preference --python-version --refresh-package --reinstall-package --report
    --requirement --requirements --requirements-from-script --resolution --resume-retries --retries
    --root --root-user-action --skip-requirements-regex --source --source-dir --source-directory
    --src --target --timeout --torch-backend --trusted-host --upgrade-group --upgrade-package
    --upgrade-strategy --uploaded-prior-to --use-deprecated --use-feature
    """
)
#: The options of both that stand alone.
_BARE = _named(
    """
    -h -I -M -n -q -U -V -v
    --all-extras --allow-all-external --allow-python-downloads --break-system-packages --check
    --check-build-dependencies --compile --compile-bytecode --debug --disable-pip-version-check
    --dry-run --egg --exact --force-reinstall --help --ignore-installed --ignore-requires-python
    --isolated --log-explicit-levels --managed-python --native-tls --no-allow-external
    --no-allow-insecure --no-break-system-packages --no-build --no-build-isolation --no-cache
    --no-cache-dir --no-clean --no-color --no-compile --no-compile-bytecode --no-config
    --no-dependencies --no-deps --no-download --no-editable --no-index --no-input --no-install
    --no-managed-python --no-native-tls --no-progress --no-proxy-env --no-python-downloads
    --no-python-version-warning --no-require-hashes --no-sources --no-strict --no-system
    --no-use-pep517 --no-use-wheel --no-user --no-verify-hashes --no-warn-conflicts
    --no-warn-script-location --offline --only-dependencies --only-deps --pre --prefer-binary
    --preview --process-dependency-links --quiet --refresh --reinstall --require-build-hashes
    --require-hashes --require-venv --require-virtualenv --show-settings --strict --system
    --system-certs --upgrade --use-mirrors --use-pep517 --use-wheel --user --verbose
    --verify-hashes --version
    """
)


def is_known(option: str) -> bool:
    """Tell whether pip or uv has an option."""
    return option in _VALUED or option in _BARE


def takes_value(option: str) -> bool:
    """Tell whether an option has a value: in its own word, or else in the word after it."""
    return option in _VALUED


def meaning_of(option: str) -> Meaning:
    """Return what an option says of what is installed."""
    return _MEANINGS.get(option, "none")


def option_of_variable(name: str) -> str:
    """Return the option that pip or uv takes from a variable, as from `PIP_INDEX_URL`."""
    match = re.fullmatch(r"(?:PIP|UV)_([A-Z_]+)", name)
    return f"--{match[1].lower().replace('_', '-')}" if match else ""


def options_in(word: str) -> list[tuple[str, str | None]]:
    """Return the options that a word holds, each with the value that it has in there.

    A value may stand in the word, as in `-cFILE` and `--index-url=URL`. Short options may share
    one, as in `-Ur`; the last of them alone may have a value.
    """
    if word.startswith("--") or word == "-":
        name, equals, value = word.partition("=")
        return [(_whole(name), value if equals else None)]
    found: list[tuple[str, str | None]] = []
    for place, letter in enumerate(word[1:], start=2):
        name, rest = f"-{letter}", word[place:]
        if takes_value(name) and rest:
            return [*found, (name, rest.removeprefix("="))]
        found.append((name, None))
    return found


def split_option(option: str, following: str = "") -> tuple[Meaning, str]:
    """Return what the last option of a word means, and its value: `following`, if not in there."""
    name, value = options_in(option)[-1]
    return meaning_of(name), following.strip() if value is None else value


def _whole(name: str) -> str:
    """Return the option that a name begins, as pip lets one cut it short: `--extra-index`."""
    if is_known(name):
        return name
    begun = [option for option in (*_VALUED, *_BARE) if option.startswith(name)]
    shortest = min(begun, key=len, default=name)
    return shortest if all(option.startswith(shortest) for option in begun) else name

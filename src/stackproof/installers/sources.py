"""The package index that installers use when a stage names none: where it is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from stackproof.base.text import without_passwords
from stackproof.installers import pip_config, uv_config
from stackproof.matrix.plan import Installer

__all__ = ["PUBLIC_INDEX", "default_index", "extra_indexes", "further_sources"]

#: The index that both installers take packages from when told nothing.
PUBLIC_INDEX = "https://pypi.org/simple/"

_VARIABLES: dict[Installer, tuple[str, ...]] = {
    "uv": ("UV_DEFAULT_INDEX", "UV_INDEX_URL"),
    "pip": ("PIP_INDEX_URL",),
}
#: Options that let packages come from elsewhere too, or from elsewhere alone.
_NAMED = re.compile(r"^[\w.-]+=")
_FURTHER = ("index", "extra-index-url", "find-links", "index-strategy")


def default_index(installer: Installer, environ: Mapping[str, str]) -> str:
    """Return the address that the installer takes packages from when told nothing.

    Environment variables count before configuration files. Raises CannotJudgeError for one that
    cannot be read.
    """
    for variable in _VARIABLES[installer]:
        if environ.get(variable):
            return _NAMED.sub("", environ[variable])  # uv's may have a name
    configured = {"uv": uv_config, "pip": pip_config}[installer].configured_index(environ)
    return configured or PUBLIC_INDEX


def extra_indexes(installer: Installer, environ: Mapping[str, str]) -> list[str]:
    """Return the addresses on the web of indexes beside the default one, what counts first first.

    What pip's files say is in the variables of a session already. Raises CannotJudgeError for a
    file of uv's that cannot be read.
    """
    prefix = installer.upper()
    texts = [environ.get(f"{prefix}_{name}", "") for name in ("INDEX", "EXTRA_INDEX_URL")]
    found = [_NAMED.sub("", item) for item in " ".join(texts).split()]
    for _, settings in uv_config.uv_settings(environ) if installer == "uv" else ():
        found += [item["url"] for item in settings.get("index", ()) if not item.get("default")]
        found += settings.get("extra-index-url", ())
    return [url for url in found if url.startswith(("http://", "https://"))]


def further_sources(installer: Installer, environ: Mapping[str, str]) -> Iterator[str]:
    """Yield what the installer is told of sources beside its default index, without credentials.

    What pip's files say is in the variables of a session already. Raises CannotJudgeError for a
    file of uv's that cannot be read.
    """
    for option in _FURTHER:
        variable = f"{installer}_{option}".upper().replace("-", "_")
        if environ.get(variable):
            yield f"{variable} is {without_passwords(environ[variable])}"
    for file, settings in uv_config.uv_settings(environ) if installer == "uv" else ():
        for option in _FURTHER:
            value = settings.get(option)
            if option == "index":  # the default one stands among them, and is named elsewhere
                value = [item["url"] for item in value or () if not item.get("default")]
            if value:
                yield f"{option} in {file} is {without_passwords(str(value))}"

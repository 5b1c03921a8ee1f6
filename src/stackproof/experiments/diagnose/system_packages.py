"""Where systems have the libraries that stacks most often miss."""

from __future__ import annotations

import re

from stackproof.reasons.reason import Reason, reason

__all__ = ["where"]

#: The package of Debian, and that of Fedora, by what follows `lib` in a library's name.
_PACKAGES = {
    "gl": ("libgl1", "mesa-libGL"),
    "egl": ("libegl1", "mesa-libEGL"),
    "glu": ("libglu1-mesa", "mesa-libGLU"),
    "sm": ("libsm6", "libSM"),
    "x11": ("libx11-6", "libX11"),
    "xext": ("libxext6", "libXext"),
    "xrender": ("libxrender1", "libXrender"),
    "xcb": ("libxcb1", "libxcb"),
    "cairo": ("libcairo2", "cairo"),
    "fontconfig": ("libfontconfig1", "fontconfig"),
    "freetype": ("libfreetype6", "freetype"),
    "gdal": ("libgdal-dev", "gdal-libs"),
    "geos_c": ("libgeos-c1v5", "geos"),
    "glib-2.0": ("libglib2.0-0", "glib2"),
    "gobject-2.0": ("libglib2.0-0", "glib2"),
    "gomp": ("libgomp1", "libgomp"),
    "gthread-2.0": ("libglib2.0-0", "glib2"),
    "magic": ("libmagic1", "file-libs"),
    "mariadb": ("libmariadb3", "mariadb-connector-c"),
    "mysqlclient": ("default-libmysqlclient-dev", "mysql-libs"),
    "odbc": ("unixodbc", "unixODBC"),
    "pango-1.0": ("libpango-1.0-0", "pango"),
    "pangoft2-1.0": ("libpangoft2-1.0-0", "pango"),
    "portaudio": ("libportaudio2", "portaudio"),
    "pq": ("libpq5", "libpq"),
    "sndfile": ("libsndfile1", "libsndfile"),
    "sodium": ("libsodium23", "libsodium"),
    "ssl": ("libssl3", "openssl-libs"),
    "tk": ("libtk8.6", "tk"),
    "usb-1.0": ("libusb-1.0-0", "libusb1"),
    "zbar": ("libzbar0", "zbar"),
}
_STEM = re.compile(r"(?:lib)?(?P<stem>.+?)(?:-\d|\d*\.\d+)?(?:\.so[\w.]*)?")


def where(library: str) -> Reason | None:
    """Say which packages of systems have a library, None where that is not known."""
    name = library.lower()
    match = _STEM.fullmatch(name)
    known = _PACKAGES.get(match["stem"]) if match else None
    known = known or _PACKAGES.get(name.removeprefix("lib").partition(".so")[0])
    return reason("systems-have", debian=known[0], fedora=known[1]) if known else None

"""What Python dropped from its standard library, known by the words of a failure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from stackproof.experiments.found import Found
from stackproof.experiments.tracebacks import telling_line
from stackproof.installers.failed_builds import failed_build

__all__ = ["MISSING", "SINCE", "Removed", "minor_of", "removed_from"]

MISSING = re.compile(
    r"No module named '(?P<module>[\w.]+)"
    r"|module '(?P<owner>[\w.]+)' has no attribute '(?P<attribute>\w+)"
    r"|cannot import name '(?P<name>\w+)' from '(?P<source>[\w.]+)'"
)
#: The minor version of Python 3 from which on they are gone, as "What's New" of each tells.
#: `distutils` is not among them: setuptools brings it, so that its loss may be the work of a
#: release. Nor are `formatter`, `parser` and `symbol` of 3.10: people call their own modules so.
SINCE: Mapping[str, int] = {
    name: minor
    for minor, names in {
        0: "ConfigParser HTMLParser Queue StringIO Tkinter UserDict __builtin__ cPickle cStringIO "
        "httplib urllib2 urlparse itertools.ifilter itertools.imap itertools.izip os.getcwdu "
        "string.join string.letters string.lowercase string.maketrans string.uppercase "
        "sys.maxint types.ListType types.StringType urllib.quote urllib.unquote urllib.urlencode "
        "urllib.urlopen",
        8: "macpath cgi.escape cgi.parse_qs cgi.parse_qsl platform.dist "
        "platform.linux_distribution platform.popen time.clock",
        9: "dummy_threading _dummy_thread base64.decodestring "
        "base64.encodestring fractions.gcd sys.getcheckinterval sys.setcheckinterval",
        10: "collections.AsyncIterable collections.Awaitable collections.ByteString "
        "collections.Callable collections.Collection collections.Container "
        "collections.Coroutine collections.Generator collections.Hashable "
        "collections.ItemsView collections.Iterable collections.Iterator "
        "collections.KeysView collections.Mapping collections.MappingView "
        "collections.MutableMapping collections.MutableSequence collections.MutableSet "
        "collections.Reversible collections.Sequence collections.Set collections.Sized "
        "collections.ValuesView",
        11: "binhex asyncio.coroutine binascii.b2a_hqx gettext.lgettext inspect.formatargspec "
        "inspect.getargspec",
        12: "asynchat asyncore imp smtpd configparser.SafeConfigParser importlib.find_loader "
        "locale.format pkgutil.ImpImporter pkgutil.ImpLoader sqlite3.OptimizedUnicode "
        "ssl.match_hostname ssl.wrap_socket unittest._TextTestResult",
        13: "aifc audioop cgi cgitb chunk crypt imghdr lib2to3 mailcap nis nntplib "
        "ossaudiodev pipes sndhdr spwd sunau telnetlib uu xdrlib locale.resetlocale "
        "re.TEMPLATE re.template typing.io typing.re unittest.findTestCases "
        "unittest.getTestCaseNames unittest.makeSuite",
        14: "ast.Bytes ast.Ellipsis ast.NameConstant ast.Num ast.Str asyncio.SafeChildWatcher "
        "asyncio.get_child_watcher asyncio.set_child_watcher pkgutil.find_loader "
        "pkgutil.get_loader sqlite3.version urllib.request.FancyURLopener "
        "urllib.request.URLopener",
    }.items()
    for name in names.split()
}  # fmt: skip


@dataclass(frozen=True)
class Removed:
    """A name or a module that is gone since a minor version of Python 3."""

    name: str
    minor: int


def removed_from(found: Found, check: str, here: str) -> Removed | None:
    """Return what the failure of a check misses since a Python that is `here`, or an older one.

    Only the line counts that says most: a program may do without what it missed before.
    """
    build = failed_build(found.refusal or "")
    match = MISSING.search(build.why if build else telling_line(found.said(check)))
    if match is None:
        return None
    owner = match["owner"] or match["source"]
    own = match["module"] or ""
    name = f"{owner}.{match['attribute'] or match['name']}" if owner else own.partition(".")[0]
    minor = SINCE.get(name)
    return Removed(name, minor) if minor is not None and minor <= minor_of(here) else None


def minor_of(python: str) -> int:
    """Return the minor version of a Python 3."""
    return int(python.partition(".")[2])

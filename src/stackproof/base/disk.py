"""What a system says where a disk has no room, or a quota is used up."""

from __future__ import annotations

import errno
import os

__all__ = ["NO_ROOM", "NO_ROOM_WORDS", "says_no_room"]

NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
NO_ROOM_WORDS = tuple(map(os.strerror, NO_ROOM))
#: Of Python, in any language.
_NUMBERS = tuple(f"[Errno {number}]" for number in NO_ROOM)


def says_no_room(words: str) -> bool:
    """Tell whether a program's words have the system's own for that."""
    return any(said in words for said in (*NO_ROOM_WORDS, *_NUMBERS))

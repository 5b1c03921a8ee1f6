"""A document that a made-up stack was published in."""

from __future__ import annotations

__all__ = ["DOCUMENT"]

DOCUMENT = """\
# The letters

| Group | Package | Version | Verified | Remark |
|-------|---------|---------|----------|--------|
| **base** | Python | 3.11.x | ✅ all | required |
| **first** | Alpha | 1.0 | ✅ Beta compatible | stable |
| | beta | 2.0 | ✅ in the Constraints | |

## Known trouble

```bash
pip install beta==2.0
```

## Install

### Step 1: Alpha
```bash
VERSION=1.0
URL="https://example.org/constraints-${VERSION}/constraints-3.11.txt"
python -m pip install --upgrade pip
pip install "alpha==${VERSION}" \\
    --constraint "${URL}"   # as published
```

### Step 2: Beta
```bash
$ pip install beta==2.0 --index-url https://example.org/cpu
pip install --no-deps <package>==<version>
```
"""

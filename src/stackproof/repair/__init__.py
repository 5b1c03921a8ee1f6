"""The smallest change that mends a row: searched by resolving, proved by building."""

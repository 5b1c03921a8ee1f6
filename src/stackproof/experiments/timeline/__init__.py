"""Since when a row's checks fail, and through which release: a search over dates, by building."""

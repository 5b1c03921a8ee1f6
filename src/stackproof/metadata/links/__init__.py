"""Links: which uses that one distribution's code makes of another's are broken, by files alone."""

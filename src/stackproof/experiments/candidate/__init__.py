"""Trial an upgrade: say whether it is safe, safe with companions, or not, and because of what."""

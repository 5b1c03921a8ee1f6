"""Where plans are carried out: on this machine, or on many."""

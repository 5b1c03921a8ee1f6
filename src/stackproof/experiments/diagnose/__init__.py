"""From a broken row to its causes and what to add: timelines and repairs, round by round."""

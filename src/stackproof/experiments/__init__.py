"""What is answered by building environments: trials, frontiers, timelines, repairs, locks."""

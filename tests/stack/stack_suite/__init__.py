"""What the suite needs to run one check at a time, in a process and a folder of its own."""

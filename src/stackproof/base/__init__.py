"""What knows no stack: records, text, times, processes, locks, progress, templates."""

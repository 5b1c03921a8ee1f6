"""The monthly run: from the list of rows to one page, one issue a row, and silence without news."""

from stackproof.monthly.conclusion import conclude, read_stories
from stackproof.monthly.github import GitHub
from stackproof.monthly.jobs import Job, Jobs, Task, jobs_file, make_jobs
from stackproof.monthly.listing import Listed, choose, list_rows, tasks_of, trials_of
from stackproof.monthly.merging import merge_reports
from stackproof.monthly.news import Action, OpenIssue, Tracker, decide
from stackproof.monthly.notebook import Notebook
from stackproof.monthly.running import run_job
from stackproof.monthly.stories import Story
from stackproof.monthly.touched import touched_rows

__all__ = [
    "Action",
    "GitHub",
    "Job",
    "Jobs",
    "Listed",
    "Notebook",
    "OpenIssue",
    "Story",
    "Task",
    "Tracker",
    "choose",
    "conclude",
    "decide",
    "jobs_file",
    "list_rows",
    "make_jobs",
    "merge_reports",
    "read_stories",
    "run_job",
    "tasks_of",
    "touched_rows",
    "trials_of",
]

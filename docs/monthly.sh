#!/bin/sh
# The monthly run on one machine: all steps, then a mail if anything is unexpected. See monthly.md.
# nox is looked for in .venv; MAILTO says who is told, and without it cron mails what is printed.
PATH="$PWD/.venv/bin:$PATH"
mkdir -p reports
{
    nox -s monthly -- jobs && {
        nox -s monthly -- run
        nox -s calibrate
        nox -s monthly -- merge && nox -s monthly -- news
    }
} > reports/monthly.log 2>&1 || { tail -n 30 reports/monthly.log; exit 1; }
if [ ! -s reports/news.md ]; then exit 0; fi
if [ -n "$MAILTO" ]; then mail -s "stackproof: news" "$MAILTO" < reports/news.md; else cat reports/news.md; fi

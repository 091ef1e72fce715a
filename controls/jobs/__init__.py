"""What runs by the clock, in a process of its own (`flask scheduler`).

A job runs once a day from its hour on, wherever and however often the scheduler is begun: one process holds the lease
(a lock on SQLite's host, an advisory lock in PostgreSQL; free again when the process dies), and each run has a row of
its own key.

`waiting → running → done | failed`; a failed run, or one whose process died, is tried again, three times in all.

2026-11: `runner.py` is a seventh kind of file: it opens transactions and calls the actions of all slices, as the
command line does, and is the only one that imports apscheduler, which only ticks; what is due says `rules.py`.
"""

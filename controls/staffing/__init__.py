"""Who answers for what, and whether there are people enough: the hand-over queue, the staffing check, the first day.

Each object has an owner or stands in the queue: it does when nobody was ever named, or the owner's account has ended.
What has owners is a published list (`queries.HELD`) of selects of one shape, and what gives it over another
(`actions.GIVE`), so that a new slice puts its own in. The queue is reckoned, never kept: who comes back owns what
nobody has taken over meanwhile. Assessing does not open while a process stands there.

The staffing check is a pure rule over plain values (`check`): per process, who may fill in, approve, test and
quality-review under S1 to S4 and line duty, and for the year who may write, record and confirm (S5, S6).
"""

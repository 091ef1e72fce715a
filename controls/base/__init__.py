"""The cellar: the only rooms that touch database, disk, mail, network and clock.

Nothing here knows the trade. Every write goes through `db.transaction()`, says who did it (`by.By`)
and leaves an event (`audit.record`) in the same transaction.
"""

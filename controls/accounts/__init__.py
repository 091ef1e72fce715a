"""Who holds which role, who stands in for whom, and whom the chair excepts: always asked by one, given by another.

A role is asked for by an administrator or the group and approved by a second administrator (S8); the auditors see
each grant. A stand-in is chosen by the person himself and acts with that one's reach only, counted as both. An
exception is given by the forum's chair for a year at most, never from S1, S3, S6 or S9. Who administers the database
and who keeps checkpoints outside the house stand in one register, since nobody may be both (S16).
"""

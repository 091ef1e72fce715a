"""The group's calibration meeting: a queue of the year's submitted forms, the one that lies furthest off first.

Each form is held against last year, against similar processes and against the facts; each figure shows how it was
reckoned. The writes are the assessment's own: this slice only leads from one form to the next.
"""

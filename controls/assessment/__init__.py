"""The overall risk assessment: one form per process and cycle, one line per sub-process that inherits until overridden.

not started → draft → submitted → returned | calibrated → approved → locked. A draft lives outside the log until it
is submitted. The group calibrates, may ask the author and
undo what it agreed on; a member who is no assessor of it approves; handing over the recommendation locks.
Each cycle has its own scales, taken over from the year before, frozen with its parameters; a saved row keeps its band.
What is approved or locked is corrected as a new version when one asks and another lets it be reopened (S11).
"""

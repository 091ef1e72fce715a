"""Reminders of assessments that are not submitted: who was reminded, who was not and why, each sending kept.

Nobody is reminded twice a day, and no owner before finance is through the year-end (16 March).
"""

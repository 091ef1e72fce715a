"""The history of everything, for the reader: the log page, what happened to one object, and whether the log is sound.

Redaction stands here too: asked by an administrator, approved by the coordination group, told in the log by an event
that keeps every proof valid (`base.redaction`).

asked → approved, or asked → rejected.

Decided 2026-11-25: an object's history is read from the log itself (`base_told` finds the events), never from tables
of versions, so that what is shown is what is proven. Nothing is translated into sentences when it is written; labels
(`labels.py`) and choices give the words when it is read. A table or column without words fails a test.
"""

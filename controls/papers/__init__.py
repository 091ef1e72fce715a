"""Out of the house: the audit workbook, streamed, with totals that agree, and the audit package around it.

The only room that imports openpyxl. `checker.py` goes along in the package as `check.py` and imports nothing of ours.
"""

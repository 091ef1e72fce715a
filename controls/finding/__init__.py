"""Findings and actions: what was wrong, what is done about it, and who saw that it was done.

draft → in hearing → confirmed → action agreed → in progress → reported done → retested → closed; risk accepted.
Closing needs evidence and another person than the owner.
"""

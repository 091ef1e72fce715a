"""The VD-forum: presence, a decision per line, minutes that the chair's approval locks.

announced → draft → with the chair → locked. Locking creates the reviews. A locked decision is corrected only by a
supplementary decision that refers to it.
"""

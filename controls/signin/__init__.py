"""The door: how a person proves who he is, and the sign-ins he has begun.

The people, their roles and the rows of sign-ins are identity's, which the guard reads at every request; what is asked
at the door stands here, so that the guard needs none of it (2026-11-25).
"""

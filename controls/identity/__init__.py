"""Who may do what: organisations, people, roles and sign-ins.

A role is held in an organisation and reaches those below it. Sign-in is local, with Argon2; the cookie holds a
random id whose row tells when it began, was last seen and ended. The password step runs outside the write
transaction, since the hash takes longer than a write may (2026-11-24).
"""

"""What a person proves himself with beside the password: one-time codes, recovery codes and passkeys.

One's own page stands here. A credential is never deleted: it is ended, and its row and event remain. Secrets are
encrypted with a key of the key folder and told in the log by digest only; every change ends the person's other
sign-ins (2026-11-25).
"""

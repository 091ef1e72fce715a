"""The five-year roll: what is covered, by which review, and when each sub-process is due.

The coverage ledger is append-only and the roll's only input besides the bands last approved; approved reviews and
imported history write to it, nothing else does.
"""

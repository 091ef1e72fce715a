"""The annual wheel: one cycle per organisation and year, a state machine with dates and gates.

created → parameters locked → assessing → calibrating → recommended → decided → reviewing → reported → closed.
"""

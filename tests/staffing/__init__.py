"""Tests of the hand-over queue, the staffing check and the first day."""

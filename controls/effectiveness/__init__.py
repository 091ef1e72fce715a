"""Tests of operating effectiveness: population, sample, a result and evidence per item, conclusion.

States of a test: planned → population confirmed → sample drawn → testing → concluded → quality reviewed.
Sizes, limits and draws are computed in `sampling.py` with exact decimals and SHA-256 only, so that anybody
can re-perform them in any language; a drawn sample is never drawn again in silence.
"""

"""Tests of the risk assessment."""

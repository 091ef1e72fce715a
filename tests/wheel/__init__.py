"""Tests of the annual cycle."""

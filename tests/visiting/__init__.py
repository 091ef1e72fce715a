"""Visiting grants: rules, the way from asking to ending, and what a visitor sees."""

"""The short form of the state machine of different persons, on both databases."""

from flask import Flask

from tests.long import separation


def test_no_history_ends_with_one_person_on_both_sides(app: Flask) -> None:
    counts = separation.run(10, 30, same=True)
    assert counts["done"] > 5 and counts["refused"] > 2 and counts["histories"] >= 5, counts

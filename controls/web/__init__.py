"""The hall: guard, answers, errors, lists, words and navigation; used by `routes.py` files only."""

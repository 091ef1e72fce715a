"""The hall: guard, answers, errors, lists, words and navigation; used by files of routes only."""

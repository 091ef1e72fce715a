"""The grid's cells as somebody writes or pastes them: words and figures made into the answers of the form."""

from collections.abc import Mapping


def many(text: str, words: Mapping[str, str]) -> tuple[list[str], list[str]]:
    """Several words with commas or semicolons between: their values, and what is none of them."""
    parts = [part.strip() for part in text.replace(";", ",").split(",") if part.strip()]
    known = [words[part.casefold()] for part in parts if part.casefold() in words]
    return list(dict.fromkeys(known)), [part for part in parts if part.casefold() not in words]

"""Kontrolrul: the internal financial control year of a Danish ministry, in slices in the order the year runs."""

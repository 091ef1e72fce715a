"""What is controlled: areas, processes and sub-processes of each organisation.

Nothing is deleted: a closed sub-process keeps its code and history. Suggestions of the catalogue (typical risk, key
control, scores) are never answers. When an import lacks the middle level, one process with the area's code stands in.

A file goes in through one door, from the page or the command line: `sheet` reads it (every bad cell named, nothing
taken when there is one), `rules.difference` compares, `actions.import_entries` adds and renames in one event. A file
never removes or moves: those are changes of structure with a date and a reason. On its way the file waits in `papers`,
where rows are chosen and another confirms them. `actions.put_back` undoes it: what it added closes (nothing is
deleted), and a corrected file brings the same lines again.
"""

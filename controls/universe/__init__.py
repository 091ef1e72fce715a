"""What is controlled: areas, processes and sub-processes of each organisation.

Nothing is deleted: a closed sub-process keeps its code and history. Suggestions of the catalogue (typical risk, key
control, scores) are never answers. When an import lacks the middle level, one process with the area's code stands in.

A file goes in through one door, from the page or the command line: `sheet` reads it (every bad cell named, nothing
taken when there is one), `rules.difference` compares, `actions.import_catalogue` adds and renames in one event. A file
never removes, moves or reopens: those are changes of structure with a date and a reason. A waiting file (`ImportDraft`)
is no content; it is taken as its preview showed it, or looked at again. The workbook that `papers` makes of the
catalogue comes back row by row there, and takes the chosen rows in by `actions.import_entries`.
"""

"""Counts the totals of a coverage certificate anew, from audit workbooks (English) alone, importing nothing of ours.

`python recount.py 2026-06-08 FILE…`: one organisation's workbooks, the day's year last.
"""

import sys
from collections import Counter
from datetime import date, datetime

from openpyxl import load_workbook


def rows(book, number):
    sheet = next(book[name] for name in book.sheetnames if name.split()[0] == number)
    head, *lines = sheet.iter_rows(values_only=True)
    plain = [[value.date() if isinstance(value, datetime) else value for value in line] for line in lines]
    return [dict(zip(head, line, strict=True)) for line in plain if any(line)]


def latest(lines, degrees=("Full",)):
    return max((x for x in lines if x["coverage"] in degrees), key=lambda x: x["covered_on"], default=None)


def recount(day, files):
    books = [load_workbook(file, read_only=True) for file in files]
    ledger, changes, decided = rows(books[-1], "09b"), rows(books[-1], "09c"), sum((rows(b, "07") for b in books), [])
    undone = {x["reverses_line"] for x in ledger if x["source"] == "Imported history undone"}
    reopened = {(x["subprocess_id"], x["review_id"]): x["line_id"] for x in ledger if x["source"] == "Review reopened"}
    counting = [x for x in ledger if x["line_id"] not in undone and (x["source"] == "Imported history" or (
        x["line_id"] > reopened.get((x["subprocess_id"], x["review_id"]), 0)))]  # fmt: skip
    dues = {x["subprocess_id"]: x["due_year"] for x in rows(books[-1], "09")}
    replaced, found, year = {x["replaces_decision"] for x in decided}, Counter(), day.year

    def past(id, until):
        """What counts of its own and of what it came of: all of one; of several the oldest, if each was covered."""
        lines = [x for x in counting if x["subprocess_id"] == id and x["covered_on"] <= until]
        of = sorted({(x["effective_on"], x["change_id"]) for x in changes if x["after_id"] == id})
        for on, change in of:
            made = [x for x in changes if x["change_id"] == change and x["after_id"] == id and on <= until]
            came = [past(x["before_id"], on) for x in made if x["before_id"] not in (None, id)]
            if made and made[0]["change"] == "Opened again" and made[0]["coverage_kept"] == "No":
                lines = [x for x in lines if x["covered_on"] >= on]
            if came and made[0]["coverage_kept"] == "Yes":
                full = [latest(one) for one in came]
                lines += came[0] if len(came) == 1 else [min(full, key=lambda x: x["covered_on"])] if all(full) else []
        return lines

    for part in rows(books[-1], "01"):
        if part["valid_from"] <= day <= (part["valid_to"] or day):
            id = part["subprocess_id"]
            lines, due = past(id, day), dues[id]
            full, last = latest(lines), latest(lines, ("Full", "Partial"))
            fresh, partial = ({} if x is None or x["covered_on"].year <= year - 5 else x for x in (full, last))
            found["active"] += 1
            found[("light" if fresh["form"] == "Light" else "ordinary") if fresh else
                  "partial" if partial else "lapsed" if full else "never"] += 1  # fmt: skip
            found["overdue" if due < year else "due" if due == year else "later"] += 1
            found["in_block"] += full is not None and full["covered_on"].year >= 2024 + (year - 2024) // 5 * 5
            found["inherited"] += bool(fresh) and fresh["subprocess_id"] != id
            found["imported"] += bool(fresh) and fresh["source"] == "Imported history"
            found["deferred"] += any(
                x["subprocess_id"] == id and x["date"] > fresh.get("covered_on", date.min) for x in decided
                if x["decision"] == "Deferred" and x["decision_no"] not in replaced)  # fmt: skip
    return found


if __name__ == "__main__":
    for name, number in sorted(recount(date.fromisoformat(sys.argv[1]), sys.argv[2:]).items()):
        print(f"{name}: {number}")

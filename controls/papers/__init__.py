"""Excel out: the audit workbook, streamed, with totals that agree; the only room that imports openpyxl."""

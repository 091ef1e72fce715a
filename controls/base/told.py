"""What was so on an earlier day: the state of rows as the log told them by then, so that no later change reaches it."""

import json
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.orm import Session

from controls.base.audit import EventRow, ToldRow
from controls.base.clock import COPENHAGEN
from controls.base.redaction import retold

State = Mapping[str, Any]
Key = tuple[str, int]
AT_ONCE = 5000


def end_of(day: date) -> datetime:
    """The moment at which a Danish calendar day is over."""
    return datetime.combine(day + timedelta(days=1), time(), COPENHAGEN)


def states(session: Session, rows: Mapping[str, Select[Any]], day: date) -> dict[Key, State]:
    """By table and id the state of each row at the end of the day; `rows` selects the ids of each table.

    A row of which nothing was told by then is absent. What a redaction retells stands in for what it took away.
    """
    return recorded(session, rows, day)[1]


def recorded(session: Session, rows: Mapping[str, Select[Any]], day: date) -> tuple[int, dict[Key, State]]:
    """How many events the log held at the end of the day (if any tells of the rows), and the states."""
    until = select(EventRow.seq).where(EventRow.at < end_of(day)).order_by(EventRow.at.desc(), EventRow.seq.desc())
    last = until.limit(1).scalar_subquery()
    asked = or_(*(and_(ToldRow.table_name == table, ToldRow.row_id.in_(ids)) for table, ids in rows.items()))
    key = (ToldRow.table_name, ToldRow.row_id)
    newest = select(*key, func.max(ToldRow.seq), last).where(asked, ToldRow.seq <= last).group_by(*key)
    heard = session.execute(newest).all()
    size, at = heard[0][3] if heard else 0, {(table, id): seq for table, id, seq, _size in heard}
    found: dict[Key, State] = {}
    while at:
        told = _told(session, set(at.values()))
        found |= {key: told[seq][key] for key, seq in at.items() if key in told.get(seq, {})}
        at = dict(_before(session, {key: seq for key, seq in at.items() if key not in found}))
    return size, found


def _told(session: Session, seqs: set[int]) -> dict[int, dict[Key, State]]:
    """By event, the rows that it tells of itself."""
    found, taken, wanted = {}, None, sorted(seqs)
    for start in range(0, len(wanted), AT_ONCE):
        part = select(EventRow.seq, EventRow.payload).where(EventRow.seq.in_(wanted[start : start + AT_ONCE]))
        for seq, payload in session.execute(part):
            if payload is None:
                taken = retold(session) if taken is None else taken
                held: State = taken[seq].payload if seq in taken else {"rows": ()}
            else:
                held = json.loads(payload)
            found[seq] = {(one["table"], one["id"]): one["state"] for one in held["rows"]}
    return found


def _before(session: Session, at: Mapping[Key, int]) -> Iterator[tuple[Key, int]]:
    """Where an event only retells a row, the event about it before that one."""
    for (table, id), seq in at.items():
        earlier = (ToldRow.table_name == table, ToldRow.row_id == id, ToldRow.seq < seq)
        before = session.scalar(select(func.max(ToldRow.seq)).where(*earlier))
        if before is not None:
            yield (table, id), before

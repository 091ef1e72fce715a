"""Counts of wrong passwords and codes."""

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from controls.base.audit import UNLOGGED
from controls.base.db import Model, UtcTime


class Throttle(Model):
    """How often it went wrong for a name, an address or both; `key` is a keyed digest, so no name typed is kept."""

    __tablename__ = "signin_throttle"
    __table_args__ = {"info": UNLOGGED}

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    count: Mapped[int]
    last_at: Mapped[datetime] = mapped_column(UtcTime, index=True)

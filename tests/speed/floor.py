"""The floor of every speed figure: the least that a page and a save can cost with the same libraries.

A cookie, one user by key, one list query of 25 rows (or as many as asked) by index out of 400,000, a Jinja page of
about 16 kB; a save is one update and its commit. Its tables stand in the same database as the product's.
"""

from flask import Flask, g, redirect, render_template, request, session
from flask.typing import ResponseReturnValue
from jinja2 import DictLoader
from sqlalchemy import Engine, create_engine, insert, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

ROWS, SHOWN, PLACES = 400_000, 25, 2_000
TEXT = "Kontrol af udbetalinger og godkendelse af bilag i sag nummer {}, afstemt hver måned"
PAGE = """<!doctype html><html lang="da"><head><meta charset="utf-8"><title>{{ user.name }}</title></head><body>
<h1>{{ user.name }}</h1><table><thead><tr><th>Code</th><th>Name</th><th>State</th><th>Score</th></tr></thead><tbody>
{% for row in rows %}<tr class="row row-{{ row.state }}" id="row-{{ row.id }}">
<th scope="row"><a class="link link-row" href="/rows/{{ row.id }}?place={{ row.place }}">{{ row.code }}</a></th>
<td class="cell cell-name"><span class="name" title="{{ row.text }}">{{ row.text }}</span></td>
<td class="cell cell-state"><span class="badge badge-{{ row.state }}">{{ row.state }}</span></td>
<td class="cell cell-number">{{ row.score }}</td>
<td class="cell cell-act"><a class="button button-secondary" href="/rows/{{ row.id }}/edit">Edit {{ row.code }}</a></td>
</tr>{% endfor %}</tbody></table></body></html>"""


class Base(DeclarativeBase):
    """The floor's own tables."""


class User(Base):
    """Who reads."""

    __tablename__ = "floor_user"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


class Row(Base):
    """What is listed."""

    __tablename__ = "floor_row"

    id: Mapped[int] = mapped_column(primary_key=True)
    place: Mapped[int] = mapped_column(index=True)
    code: Mapped[str]
    text: Mapped[str]
    state: Mapped[str]
    score: Mapped[int]


def fill(engine: Engine) -> None:
    """400,000 rows, once."""
    Base.metadata.create_all(engine)
    with engine.begin() as connection:
        if connection.scalar(select(User.id)) is not None:
            return
        connection.execute(insert(User), [{"id": 1, "name": "Anne Kirkeby"}])
        for start in range(1, ROWS + 1, 10_000):
            connection.execute(insert(Row), [
                {"id": id, "place": id % PLACES, "code": f"KRE-{id}.1", "state": ("draft", "done")[id % 2],
                 "score": id % 25, "text": TEXT.format(id)}
                for id in range(start, start + 10_000)
            ])  # fmt: skip


def make(url: str) -> Flask:
    """The floor on a database."""
    engine = create_engine(url)
    fill(engine)
    app = Flask(__name__)
    app.secret_key, app.jinja_loader = "floor", DictLoader({"list.html": PAGE})

    @app.before_request
    def load() -> None:
        g.db = Session(engine)
        g.user = g.db.get(User, session.get("user", 0))

    @app.teardown_request
    def close(error: BaseException | None) -> None:
        g.db.close()

    @app.get("/login")
    def login() -> ResponseReturnValue:
        session["user"] = 1
        return "in"

    @app.get("/list")
    def listing() -> ResponseReturnValue:
        place, shown = int(request.args["place"]), int(request.args.get("rows", SHOWN))
        columns = (Row.id, Row.place, Row.code, Row.text, Row.state, Row.score)
        rows = g.db.execute(select(*columns).where(Row.place == place).order_by(Row.id).limit(shown)).all()
        return render_template("list.html", user=g.user, rows=rows)

    @app.post("/rows/<int:id>")
    def save(id: int) -> ResponseReturnValue:
        row = g.db.get_one(Row, id)
        row.text = request.form["text"]
        g.db.commit()
        return redirect("/list", 303)

    return app

"""The pages of the catalogue: list, facts, import with its preview, and who may not."""

import io
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event

from controls.base.db import db, transaction
from controls.identity.permissions import Role
from controls.universe import actions, queries
from controls.universe.rules import Facts
from tests.universe.test_actions import BROKEN, TWO_LEVELS, as_csv, counts, take


@pytest.fixture
def here(make: Any) -> Any:
    return make.organisation()


@pytest.fixture
def group(make: Any, here: Any) -> Any:
    return make.person("group", Role.GRP, here, language="en")


@pytest.fixture
def browser(make: Any, client: FlaskClient, group: Any) -> FlaskClient:
    return make.signed_in(client, group)


@pytest.fixture
def second(make: Any, app: Any, browser: FlaskClient, here: Any) -> FlaskClient:
    """Another of the group, who confirms."""
    return make.signed_in(app.test_client(), make.person("second", Role.GRP, here, language="en"))


def send(browser: FlaskClient, data: bytes, name: str = "file.csv") -> Any:
    return browser.post("/import", data={"file": (io.BytesIO(data), name)})


def statements(work: Any) -> int:
    seen = []
    listen = lambda *arguments: seen.append(arguments[2])  # noqa: E731
    event.listen(db.engine, "before_cursor_execute", listen)
    work()
    event.remove(db.engine, "before_cursor_execute", listen)
    return len([one for one in seen if one.lstrip().upper().startswith("SELECT")])


def test_the_list(make: Any, here: Any, browser: FlaskClient) -> None:
    take(make, here, queries.proposed(), queries.PROPOSED)
    page = browser.get("/processes").text
    assert "16 areas, 39 processes, 110 sub-processes" in page and "110 of 110 sub-processes" in page
    assert page.index("KRE-1.1") < page.index("KRE-1.2") < page.index("KRE-2.1")
    assert 'href="/processes/KRE-1?org=STAR"' in page and "Page 1 of 2" in page
    assert "TIL-3" not in page and "TIL-3" in browser.get("/processes?page=2").text
    assert "TIL-3" in browser.get("/processes?all=1").text
    assert browser.get("/processes?sort=-code").text.index("TIL-3.1") > 0


def test_the_filters(make: Any, here: Any, browser: FlaskClient) -> None:
    take(make, here, queries.proposed(), queries.PROPOSED)
    page = browser.get("/processes?area=KRE").text
    assert "8 of 110 sub-processes" in page and "LIK-1.1" not in page and "Area: KRE" in page
    assert "KRE-1.1" in browser.get("/processes?q=fakt kre").text
    assert "No sub-processes match" in browser.get("/processes?q=%25").text
    assert "No sub-processes match" in browser.get("/processes?owner=x").text
    assert browser.get("/processes?area=%27&sort=x&page=x&owner=99999999999").status_code == 200
    assert browser.get("/processes?area=%00&q=a%00b").status_code == 400
    assert browser.get("/processes/%00/edit").status_code == 404


def test_what_later_slices_put_beside(
    make: Any, here: Any, browser: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    take(make, here, as_csv(TWO_LEVELS))
    ids = [row.id for row in queries.active_subprocesses(here.id, make.NOW.date())]
    risk = {ids[0]: queries.Cell("16", level="high"), ids[1]: queries.Cell("2025", late=True)}
    monkeypatch.setattr(queries, "BESIDE", [queries.Beside("Processes", lambda organisations, year: risk)])
    page = browser.get("/processes").text
    assert "kr-band" in page and '<span class="kr-late">▲ 2025</span>' in page and 'colspan="3"' in page


def test_queries_do_not_grow(make: Any, here: Any, browser: FlaskClient) -> None:
    take(make, here, as_csv(TWO_LEVELS))
    few = statements(lambda: browser.get("/processes"))
    take(make, here, queries.proposed(), queries.PROPOSED)
    assert statements(lambda: browser.get("/processes")) == few <= 7


def test_nothing_there_yet(make: Any, here: Any, browser: FlaskClient) -> None:
    assert "STAR en has no processes yet." in browser.get("/processes").text
    assert "Use the proposed catalogue" in browser.get("/import").text


def test_the_proposed_catalogue(browser: FlaskClient, second: FlaskClient) -> None:
    codes = [entry.subprocess_code for entry in queries.proposed_entries()]
    answer = browser.post("/settings/proposed", data={"keep": codes})
    assert answer.status_code == 303
    assert counts() == (0, 0, 0)
    page = browser.get(answer.location).text
    assert ">110</a>" in page and "These may do it instead: Second." in page
    assert browser.post(f"{answer.location}/take").status_code == 403
    take_it(second, answer.location)
    assert counts() == (16, 39, 110)
    assert "Use the proposed catalogue" not in browser.get("/import").text
    second.post(f"{answer.location}/undo", data={"reason": "It was too early for this."})
    assert "Use the proposed catalogue" in browser.get("/import").text
    again = browser.post("/settings/proposed", data={"keep": codes[:-1]}).location
    assert f"{codes[-1]}</span>" not in browser.get(again).text
    take_it(second, again)
    assert f"{len(codes) - 1} of {len(codes) - 1} sub-processes" in second.get("/processes").text
    assert counts() == (16, 39, 110), "what was undone is the same line again"


def take_it(browser: FlaskClient, address: str) -> Any:
    rows = [part.split('"')[0] for part in browser.get(address).text.split('name="row" value="')[1:]]
    return browser.post(f"{address}/take", data={"row": rows})


def test_preview_take_and_again(browser: FlaskClient, second: FlaskClient) -> None:
    address = send(browser, as_csv(TWO_LEVELS)).location
    assert "Another person confirms the import" in browser.get(address).text
    done = take_it(second, address)
    assert done.status_code == 303 and done.location == address and "3 rows were imported." in second.get(address).text
    address = send(browser, as_csv([["1", "Payroll", "1.1", "<b>Other</b>", "x"]], head=[
        "Area code", "Area", "Sub-process code", "Sub-process", "Remark"])).location  # fmt: skip
    page = browser.get(address).text
    assert "<del>Changes, leavers</del>" in page and "&lt;b&gt;Other&lt;/b&gt;" in page
    assert "These columns are not read: Remark." in page and "What is not in the file stays as it is." in page
    assert "1.1" not in browser.get(address + "?state=same").text.partition("<tbody>")[2]
    assert second.post(f"{address}/take", data={"row": ["2-old"]}).status_code == 409
    dropped = browser.post(f"{address}/drop")
    assert dropped.status_code == 303 and counts() == (2, 2, 3)
    assert browser.get(address).status_code == 404


def test_the_same_file_again_has_nothing_to_take(make: Any, here: Any, browser: FlaskClient) -> None:
    take(make, here, as_csv(TWO_LEVELS))
    page = browser.get(send(browser, as_csv(TWO_LEVELS)).location).text
    assert "There is nothing to import." in page and "Import the catalogue" not in page


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_file_is_refused_on_the_page(browser: FlaskClient, case: str) -> None:
    data, name, _says = BROKEN[case]
    answer = send(browser, data, name)
    assert answer.status_code == (415 if case == "not a workbook" else 422)
    assert counts() == (0, 0, 0) and "There are errors in the form" in answer.text
    if case == "bad row 317 of 500":
        assert ">Row 317</th>" in answer.text and "D “Sub-process”" in answer.text
    assert browser.get("/import").text.count("Waiting to be imported") == 0


def test_no_file(browser: FlaskClient) -> None:
    answer = browser.post("/import")
    assert answer.status_code == 422 and "Choose a file first." in answer.text


def test_facts(make: Any, here: Any, browser: FlaskClient) -> None:
    take(make, here, as_csv(TWO_LEVELS))
    owner = make.person("owner", Role.OWN, here, name="Ole Olsen")
    assert "Ole Olsen" in browser.get("/processes/1/edit").text
    good = {"owner_id": owner.id, "yearly_amount_ore": "1.250.000,50", "transactions": "1.200", "systems": "SLS;F2",
            "unit": "Løn", "version": "1"}  # fmt: skip
    answer = browser.post("/processes/1/edit", data=good)
    assert answer.status_code == 303 and answer.location == "/processes/1?org=STAR"
    process = queries.process_by_code(here.id, "1")
    assert process is not None and process.yearly_amount_ore == 125_000_050 and process.transactions == 1200
    assert "1.250.000,50" in browser.get("/processes/1/edit").text
    assert "Ole Olsen" in browser.get("/processes").text
    assert "1 of 3" not in browser.get(f"/processes?owner={owner.id}").text
    assert "2 of 3 sub-processes" in browser.get(f"/processes?owner={owner.id}").text


@pytest.mark.parametrize("field,typed", [
    ("yearly_amount_ore", "1.2.3"), ("transactions", "many"), ("provider_share", "101"), ("owner_id", "9999"),
    ("version", ""), ("unit", "x" * 201),
])  # fmt: skip
def test_facts_wrongly_typed(make: Any, here: Any, browser: FlaskClient, field: str, typed: str) -> None:
    take(make, here, as_csv(TWO_LEVELS))
    answer = browser.post("/processes/1/edit", data={"version": "1", "systems": "Kept", field: typed})
    assert answer.status_code == 422 and "Kept" in answer.text


def test_two_people_edit_the_same_process(make: Any, here: Any, browser: FlaskClient, group: Any) -> None:
    take(make, here, as_csv(TWO_LEVELS))
    process = queries.process_by_code(here.id, "1")
    assert process is not None
    with transaction():
        actions.edit_process(make.by(group), process.id, 1, Facts(unit="Saved unit", owner_id=group.id))
    answer = browser.post("/processes/1/edit", data={"version": "1", "unit": "Typed unit"})
    assert answer.status_code == 409
    assert "Saved unit" in answer.text and answer.text.count("Typed unit") >= 2
    assert 'name="version" type="hidden" value="2"' in answer.text or 'value="2"' in answer.text
    assert browser.post("/processes/1/edit", data={"version": "2", "unit": "Typed unit"}).status_code == 303


@pytest.mark.parametrize("role", [Role.OWN, Role.CTL, Role.VDM, Role.VDC, Role.SEC, Role.AUD, Role.ADM])
def test_who_may_not(make: Any, here: Any, client: FlaskClient, role: Role) -> None:
    take(make, here, as_csv(TWO_LEVELS))
    browser = make.signed_in(client, make.person("someone", role, here))
    assert browser.get("/processes").status_code == (403 if role is Role.ADM else 200)
    for address in ("/import", "/processes/1/edit"):
        assert browser.get(address).status_code == 403
    for address in (
        "/import",
        "/settings/proposed",
        "/import/catalogue/1/take",
        "/import/catalogue/1/drop",
        "/processes/1/edit",
    ):
        assert browser.post(address).status_code == 403


def test_another_organisation(make: Any, here: Any, client: FlaskClient) -> None:
    make.organisation("DEP")
    below = make.organisation("ALS", "DEP")
    take(make, here, as_csv(TWO_LEVELS))
    take(make, below, as_csv(TWO_LEVELS))
    browser = make.signed_in(client, make.person("dep", Role.GRP, queries_organisation("DEP"), language="en"))
    assert "3 of 3 sub-processes" in browser.get("/processes").text
    assert browser.get("/processes?org=STAR").status_code == 404
    assert browser.get("/processes/1/edit?org=ALS").status_code == 200
    assert browser.get("/processes/1/edit").status_code == 404
    assert "/import?org=ALS" in browser.get("/import").text


def queries_organisation(code: str) -> Any:
    from controls.identity import queries as identity

    return identity.organisation(code)

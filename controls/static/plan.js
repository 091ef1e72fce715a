// Comfort in the plan: in the grid a review goes to another year by arrows and Enter, or is dragged there; what is tried
// out is answered on the spot. Works without: then the cell opens a panel with the years, and each form its page.
(function () {
  "use strict";
  var asked = 0;
  function put(changed) {
    var made = document.createElement("template");
    made.innerHTML = changed.html;
    changed.ids.forEach(function (id) {
      var old = document.getElementById(id), part = made.content.getElementById(id);
      if (old && part) { old.replaceWith(part); }
    });
  }
  document.querySelectorAll("form[data-try]").forEach(function (form) {
    form.addEventListener("submit", function (event) {
      var data = new URLSearchParams(new FormData(form)), mine = asked += 1;
      data.delete("request_key");
      event.preventDefault();
      fetch(form.action, { method: "POST", body: data, headers: { Accept: "application/json" } }).then(function (answer) {
        if (!answer.ok) { throw new Error(answer.status); }
        return answer.json();
      }).then(function (changed) {
        if (mine === asked) { put(changed); }
      }).catch(function () { form.submit(); });  // the page says what is wrong
    });
  });

  var waits = document.querySelector("[data-wait]");
  if (waits) {  // how far the planner is, until its plan is there
    setInterval(function () {
      fetch(location.href, { headers: { Accept: "application/json" } }).then(function (answer) { return answer.json(); })
        .then(function (told) {
          waits.querySelector("progress").value = told.step;
          if (!told.busy) { location.reload(); }
        }).catch(function () { /* the next one asks again */ });
    }, 1000);
  }

  var form = document.querySelector("form[data-plan]");
  if (!form) { return; }
  var say = JSON.parse(form.dataset.say), told = form.querySelector("[data-told]"), held = null, dragged = null, busy = false;

  function fill(text, values) { return text.replace(/\{(\w+)\}/g, function (all, name) { return values[name]; }); }
  function years() { return Array.from(document.querySelectorAll("#load tr:first-child td[data-year]")); }
  function place(button) {  // the row, the cells of its years, and which of them the review is in
    var row = button.closest("tr"), cells = Array.from(row.children).slice(3, 3 + years().length);
    return { row: row, cells: cells, at: cells.indexOf(button.closest("td")), code: row.querySelector(".kr-code").textContent };
  }
  function year(i) { return Number(years()[i].dataset.year); }
  function free(where, i) { return where.cells[i] && year(i) >= Number(form.dataset.now) && !where.cells[i].querySelector(".kr-pick, .kr-covered"); }
  function hours(i, row) { return Number(years()[i].dataset.hours) + Number(row.children[2].textContent); }

  function leave() {  // back where it stood
    if (!held) { return; }
    held.from.replaceChildren(held.button);
    held.to.replaceChildren(held.was);
    var button = held.button;
    held = null;
    button.focus();
  }
  function step(button, by) {
    var where = place(button), from = held ? held.from : button.closest("td"), i = where.at + by;
    while (where.cells[i] && !free(where, i) && where.cells[i] !== from) { i += by; }
    if (!where.cells[i]) { return; }
    if (held) {
      held.to.replaceChildren(held.was);
      held.from.replaceChildren(held.button);
      if (where.cells[i] === held.from) { held = null; button.focus(); told.textContent = ""; return; }
    }
    var to = where.cells[i], was = to.firstChild;
    held = { button: button, from: from, to: to, was: was, year: year(i) };
    from.replaceChildren("–");
    to.replaceChildren(button);
    button.focus();
    var all = years()[i].dataset.all;
    told.textContent = fill(all === undefined ? say.none : say.to, { code: where.code, year: held.year, hours: hours(i, where.row), all: all });
  }

  function send(button, to) {
    var parts = button.value.split("-"), data = new URLSearchParams(), code = place(button).code;
    data.set("csrf_token", document.querySelector("input[name=csrf_token]").value);
    data.set("cell", button.value);
    data.set("to", to);
    busy = true;
    return fetch(form.dataset.plan, { method: "POST", body: data, headers: { Accept: "application/json" } }).then(function (answer) {
      if (answer.status === 422) {  // a reason is asked: on the panel, where it can be typed
        location.assign(address(button.value, to));
        return;
      }
      if (!answer.ok) { throw new Error(answer.status); }
      return answer.json().then(function (changed) {
        held = null;
        put(changed);
        var row = document.getElementById("r" + parts[0]);
        var now = row && (row.querySelector('.kr-pick[value$="-' + to + '"]') || row.querySelector(".kr-pick"));
        if (now) { now.focus(); }
        told.textContent = fill(say.moved, { code: code, year: to });
        ready();
      });
    }).catch(function () {
      leave();
      told.textContent = say.failed;
      told.classList.remove("sr-only");
      told.classList.add("kr-late");
    }).finally(function () { busy = false; });
  }
  function address(cell, year) {
    var to = new URL(location.href);
    to.searchParams.set("cell", cell);
    to.searchParams.set("to", year);
    to.hash = "cell";
    return to.href;
  }
  function ready() {
    form.querySelectorAll(".kr-pick").forEach(function (button) { button.draggable = true; });
  }

  form.addEventListener("keydown", function (event) {
    var button = event.target.closest(".kr-pick");
    if (!button || busy || event.ctrlKey || event.altKey || event.metaKey) { return; }
    if (event.key === "ArrowLeft" || event.key === "ArrowRight") {
      event.preventDefault();
      step(button, event.key === "ArrowLeft" ? -1 : 1);
    } else if (event.key === "Enter" && held && held.button === button) {
      event.preventDefault();
      send(button, held.year);
    } else if (event.key === "Escape" && held) {
      event.preventDefault();
      leave();
      told.textContent = "";
    }
  });
  form.addEventListener("focusout", function (event) {  // who goes elsewhere has not moved anything
    if (held && !busy && event.relatedTarget && event.relatedTarget !== held.button) {
      var next = event.relatedTarget;
      leave();
      next.focus();
    }
  });
  form.addEventListener("dragstart", function (event) {
    dragged = event.target.closest && event.target.closest(".kr-pick");
    if (dragged) { event.dataTransfer.setData("text/plain", dragged.value); event.dataTransfer.effectAllowed = "move"; }
  });
  form.addEventListener("dragover", function (event) {
    var cell = event.target.closest("td");
    if (dragged && cell && cell.parentNode === dragged.closest("tr")) {
      var where = place(dragged);
      if (free(where, where.cells.indexOf(cell))) { event.preventDefault(); }
    }
  });
  form.addEventListener("drop", function (event) {
    var cell = event.target.closest("td");
    if (!dragged || !cell) { return; }
    event.preventDefault();
    send(dragged, year(place(dragged).cells.indexOf(cell)));
    dragged = null;
  });
  form.addEventListener("dragend", function () { dragged = null; });
  ready();
}());

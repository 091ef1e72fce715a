// Comfort in the grid: keys between cells, blocks pasted from Excel, rows that save as units. Works without: then the
// buttons save the whole form.
(function () {
  "use strict";
  var form = document.querySelector("form[data-grid]");
  if (!form) { return; }
  var say = JSON.parse(form.dataset.say), kinds = JSON.parse(form.dataset.kinds);
  var store = "kontrolrul-draft-" + form.dataset.person + new URL(form.action).pathname + new URL(form.action).search;
  var summary = form.querySelector("[data-summary]"), undo = form.querySelector("[data-undo]");
  var SCALE = /^(inherent|residual)_|^control_level/, leaving = false, asked = false, undone = [];

  var window_ = Array.from(crypto.getRandomValues(new Uint8Array(12)), function (n) { return n.toString(36); }).join("");

  function fill(text, values) { return text.replace(/\{(\w+)\}/g, function (all, name) { return values[name]; }); }
  function list(nodes) { return Array.prototype.slice.call(nodes); }
  function field(cell) { return cell.name.replace(/-\d+$/, ""); }
  function label(cell) { return cell.getAttribute("aria-label"); }

  var rows = list(form.querySelectorAll("tr[data-row]")).map(function (node) {
    var row = { node: node, id: node.dataset.row, url: node.dataset.save, state: node.querySelector("[data-state]") };
    row.version = node.querySelector('input[name^="row_version-"]');
    row.cells = list(node.querySelectorAll("input:not([type=hidden]), select, textarea"));
    row.kept = row.cells.map(function (cell) { return cell.value; });
    return row;
  });
  function place(cell) {
    var y = rows.findIndex(function (row) { return row.cells.indexOf(cell) >= 0; });
    return y < 0 ? null : { y: y, x: rows[y].cells.indexOf(cell) };
  }

  // --- what a cell holds ------------------------------------------------------------------------------------------
  function split(text) {
    return text.split(/[,;]/).map(function (part) { return part.trim(); }).filter(Boolean);
  }
  function read(cell) {  // as the form's own fields, or nothing when it cannot be read
    var name = field(cell);
    if (cell.dataset.bad !== undefined) { return null; }
    if (SCALE.test(name) && cell.value && !/^[1-5]$/.test(cell.value)) { return null; }
    if (name !== "change_kinds") { return cell.value ? [cell.value] : [""]; }
    var words = split(cell.value).map(function (part) { return kinds[part.toLowerCase()]; });
    return words.indexOf(undefined) >= 0 ? null : words.length ? words : [""];
  }
  function write(cell, text) {
    delete cell.dataset.bad;
    if (cell.tagName !== "SELECT") { cell.value = cell.tagName === "TEXTAREA" ? text : text.trim(); return; }
    list(cell.querySelectorAll("[data-strange]")).forEach(function (option) { option.remove(); });
    var wanted = text.trim().toLowerCase(), found = list(cell.options).filter(function (option) {
      return option.value.toLowerCase() === wanted || option.textContent.trim().toLowerCase() === wanted;
    })[0];
    if (!found) {
      found = document.createElement("option");
      found.textContent = text; found.value = ""; found.dataset.strange = "";
      cell.append(found);
      cell.dataset.bad = text;
    }
    found.selected = true;
  }
  function mark(cell) {
    var wrong = read(cell) === null;
    cell.closest("td").classList.toggle("kr-bad", wrong);
    if (wrong) { cell.setAttribute("aria-invalid", "true"); } else { cell.removeAttribute("aria-invalid"); }
    return wrong;
  }
  function dirty(row) {
    return row.cells.filter(function (cell, i) { return cell.dataset.bad !== undefined || cell.value !== row.kept[i]; });
  }
  function tell(row, text, error) {
    row.state.textContent = text;
    row.state.classList.toggle("kr-late", !!error);
  }
  function count() {
    var changed = rows.filter(function (row) { return dirty(row).length; });
    var wrong = changed.filter(function (row) { return dirty(row).some(mark); });
    summary.textContent = changed.length ? fill(say.summary, { changed: changed.length, wrong: wrong.length }) : "";
    remember(changed);
  }
  function changed(row) {
    var cells = dirty(row);
    row.cells.forEach(mark);
    tell(row, cells.length ? cells.some(mark) ? say.bad : say.changed : row.was || "", cells.some(mark));
    count();
  }
  function remember(left) {
    var typed = {};
    left.forEach(function (row) {
      typed[row.id] = { version: row.version.value, cells: {} };
      dirty(row).forEach(function (cell) { typed[row.id].cells[field(cell)] = cell.dataset.bad || cell.value; });
    });
    try {
      if (left.length) { sessionStorage.setItem(store, JSON.stringify(typed)); } else { sessionStorage.removeItem(store); }
    } catch (error) { /* then the page alone holds it */ }
  }

  // --- saving -----------------------------------------------------------------------------------------------------
  function save(row) {
    var data = new URLSearchParams(), sent = dirty(row).filter(function (cell) { return read(cell) !== null; });
    if (!sent.length) { return Promise.resolve(!dirty(row).length); }
    data.set("csrf_token", form.elements.csrf_token.value);
    data.set("row_version", row.version.value);
    data.set("window", window_);
    sent.forEach(function (cell) { read(cell).forEach(function (value) { data.append(field(cell), value); }); });
    var values = sent.map(function (cell) { return cell.value; });
    tell(row, say.saving);
    return fetch(row.url, { method: "PUT", body: data }).then(function (answer) {
      if (answer.status === 401 || answer.status === 400) { asked = true; tell(row, say.out, true); return false; }
      return answer.json().then(function (told) {
        if (!told.version) {
          tell(row, fill(say.refused, { why: (told.reasons || told.errors.map(function (one) { return one[1]; })).join(" ") }), true);
          return false;
        }
        return saved(row, sent, values, told);
      });
    }).catch(function () { tell(row, say.lost, true); return false; });
  }
  function at(row, name) { return row.cells.filter(function (cell) { return field(cell) === name; })[0]; }
  function shown(cell, values) {
    if (field(cell) === "change_kinds") {
      return values.map(function (value) {
        return Object.keys(kinds).filter(function (word) { return kinds[word] === value; }).pop();
      }).join(", ");
    }
    return values[0] || "";
  }
  function word(cell, values) {
    var option = list(cell.options || []).filter(function (one) { return one.value === values[0]; })[0];
    return (option ? option.textContent : shown(cell, values)) || say.empty;
  }
  function saved(row, sent, values, told) {
    row.version.value = told.version;
    var clashes = told.clashes.filter(function (one) { return at(row, one.name); });
    sent.forEach(function (cell, i) { row.kept[row.cells.indexOf(cell)] = values[i]; });
    told.taken.concat(clashes).forEach(function (one) {
      var cell = at(row, one.name);
      if (!cell) { return; }
      row.kept[row.cells.indexOf(cell)] = shown(cell, one.values);
      if (clashes.indexOf(one) < 0) { write(cell, shown(cell, one.values)); }
    });
    var others = told.taken.map(function (one) { return at(row, one.name) ? fill(say.taken, { who: one.who, field: label(at(row, one.name)) }) : ""; });
    row.was = [fill(say.saved, { at: told.at })].concat(others).join(" ").trim();
    row.cells.forEach(mark);
    if (clashes.length) {
      tell(row, clashes.map(function (one) {
        var cell = at(row, one.name);
        cell.closest("td").classList.add("kr-changed");
        return fill(say.clash, { who: one.who, field: label(cell), answer: word(cell, one.values) });
      }).join(" "), true);
      return false;
    }
    row.cells.forEach(function (cell) { cell.closest("td").classList.remove("kr-changed"); });
    changed(row);
    if (told.clashes.length || dirty(row).length) { return false; }
    return true;
  }
  function saveAll() {
    return rows.filter(function (row) { return row.version; }).reduce(function (before, row) {
      return before.then(function (well) { return save(row).then(function (done) { return well && done; }); });
    }, Promise.resolve(true)).then(function (well) {
      undone = []; undo.hidden = true;
      count();
      if (well) { summary.textContent = say.all; asked = false; }
      return well;
    });
  }
  form.addEventListener("submit", function (event) {
    if (leaving) { return; }
    event.preventDefault();
    var button = event.submitter, whole = button && button.formAction !== form.action && button.hasAttribute("formaction");
    saveAll().then(function (well) {
      if (!well || !whole) { return; }
      leaving = true;
      setTimeout(function () { form.requestSubmit(button); });  // not while this submission is still being told
    });
  });

  // --- keys -------------------------------------------------------------------------------------------------------
  var editing = null, before = "";
  function go(y, x, dy, dx) {
    for (y += dy, x += dx; rows[y] && rows[y].cells[x]; y += dy, x += dx) {
      if (!rows[y].cells[x].disabled) { rows[y].cells[x].focus(); return; }
    }
  }
  form.addEventListener("focusin", function (event) {
    var cell = event.target;
    if (!place(cell)) { return; }
    editing = null; before = cell.dataset.bad || cell.value;
    if (cell.select) { cell.select(); }
  });
  form.addEventListener("mousedown", function (event) {
    if (event.target === document.activeElement && event.target.tagName === "TEXTAREA") { editing = event.target; }
  });
  form.addEventListener("keydown", function (event) {
    var cell = event.target, here = place(cell);
    if ((event.ctrlKey || event.metaKey) && event.key === "s") { event.preventDefault(); saveAll(); return; }
    if (!here || event.ctrlKey || event.metaKey) { return; }
    var row = rows[here.y], text = editing === cell, moves = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
    if (event.key === "Enter" && event.altKey && cell.tagName === "TEXTAREA") {
      event.preventDefault();
      cell.setRangeText("\n", cell.selectionStart, cell.selectionEnd, "end");
      editing = cell; changed(row);
    } else if (event.key === "Enter") {
      event.preventDefault(); go(here.y, here.x, event.shiftKey ? -1 : 1, 0);
    } else if (event.key === "Escape") {
      event.preventDefault();
      write(cell, row.kept[here.x]); editing = null; if (cell.select) { cell.select(); }
      cell.closest("td").classList.remove("kr-changed");
      changed(row);
    } else if (event.key === "F2") {
      event.preventDefault();
      if (cell.tagName === "SELECT") { if (cell.showPicker) { cell.showPicker(); } return; }
      editing = cell; cell.setSelectionRange(cell.value.length, cell.value.length);
    } else if (moves[event.key] && !event.altKey && !event.shiftKey && !text) {
      event.preventDefault(); go(here.y, here.x, moves[event.key][0], moves[event.key][1]);
    } else if (SCALE.test(field(cell)) && event.key.length === 1 && !cell.readOnly && /\d/.test(event.key)) {
      event.preventDefault();
      cell.value = event.key; cell.select(); changed(row);
    } else if (event.key.length === 1 && cell.tagName === "TEXTAREA") { editing = cell; }
  });
  form.addEventListener("input", function (event) {
    var here = place(event.target);
    if (!here) { return; }
    if (event.target.tagName === "SELECT") { write(event.target, event.target.value); }
    changed(rows[here.y]);
  });

  // --- a block from Excel -----------------------------------------------------------------------------------------
  function table(text) {  // tabs and lines; a cell in quotes holds them itself
    var found = [[]], cell = "", quoted = false, i;
    text = text.replace(/\r\n?/g, "\n").replace(/\n$/, "");
    for (i = 0; i < text.length; i += 1) {
      var sign = text[i];
      if (quoted) {
        if (sign !== '"') { cell += sign; } else if (text[i + 1] === '"') { cell += '"'; i += 1; } else { quoted = false; }
      } else if (sign === '"' && !cell) { quoted = true;
      } else if (sign === "\t") { found[found.length - 1].push(cell); cell = "";
      } else if (sign === "\n") { found[found.length - 1].push(cell); cell = ""; found.push([]);
      } else { cell += sign; }
    }
    found[found.length - 1].push(cell);
    return found;
  }
  form.addEventListener("paste", function (event) {
    var here = place(event.target), text = event.clipboardData.getData("text/plain");
    var cells = table(text);
    if (!here || (cells.length === 1 && cells[0].length === 1 && event.target.tagName === "TEXTAREA" && editing === event.target)) { return; }
    event.preventDefault();
    var all = 0, bad = 0, touched = [];
    undone = [];
    cells.forEach(function (line, dy) {
      var row = rows[here.y + dy];
      if (!row || !row.version) { return; }
      line.forEach(function (value, dx) {
        var cell = row.cells[here.x + dx];
        if (!cell) { return; }
        undone.push([row, cell, cell.dataset.bad || cell.value]);
        write(cell, value);
        all += 1;
        if (mark(cell)) { bad += 1; }
      });
      touched.push(row);
    });
    touched.forEach(changed);
    undo.hidden = !all;
    summary.textContent = bad ? fill(say.unread, { n: bad, all: all }) : fill(say.pasted, { all: all });
  });
  undo.addEventListener("click", function () {
    undone.forEach(function (one) { write(one[1], one[2]); });
    undone.forEach(function (one) { changed(one[0]); });
    undone = []; undo.hidden = true;
    summary.textContent = say.undone;
  });

  window.addEventListener("beforeunload", function (event) {
    if (leaving || asked || !rows.some(function (row) { return dirty(row).length; })) { return; }
    asked = true;
    event.preventDefault();
  });
  window.addEventListener("pageshow", function (event) { if (event.persisted) { location.reload(); } });

  // --- what was typed before the sign-in ended, or the page was left ----------------------------------------------
  try {
    var old = JSON.parse(sessionStorage.getItem(store)) || {};
    rows.forEach(function (row) {
      if (!row.version || !old[row.id]) { return; }
      row.version.value = old[row.id].version;
      Object.keys(old[row.id].cells).forEach(function (name) { write(at(row, name), old[row.id].cells[name]); });
      changed(row);
    });
  } catch (error) { /* then there is nothing */ }
}());

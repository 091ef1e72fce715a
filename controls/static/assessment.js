// Comfort on the assessment form: the result while one chooses, reasons asked at once, drafts that save themselves,
// field by field with what others type. Works without: then everything is open, and the buttons save.
(function () {
  "use strict";
  var form = document.querySelector("form[data-assessment]");
  if (!form) { return; }
  var SCALES = ["inherent_likelihood", "inherent_impact", "control_level", "residual_likelihood", "residual_impact"];
  var SIGNS = { low: "kr-l", moderate: "kr-m", elevated: "kr-f", high: "kr-h" };
  var WAITS = [2, 5, 10, 30], PAUSE = 800, GOOD_CONTROL = 4;
  var words = JSON.parse(form.dataset.words), say = JSON.parse(form.dataset.say);
  var copies = JSON.parse(form.dataset.copies), asks = JSON.parse(form.dataset.asks);
  var url = form.dataset.assessment, store = "kontrolrul-draft-" + form.dataset.person + url;
  var status = form.querySelector("[data-status]"), clash = document.querySelector("dialog[data-clash]");
  var unfold = false;

  function fill(text, values) { return text.replace(/\{(\w+)\}/g, function (all, name) { return values[name]; }); }
  function make(tag, text, cls) {
    var node = document.createElement(tag);
    if (text) { node.textContent = text; }
    if (cls) { node.className = cls; }
    return node;
  }

  function figures(text) { return text ? text.split(" ").map(Number) : []; }

  // --- the fields -------------------------------------------------------------------------------------------------
  var APART = { csrf_token: 1, request_key: 1, row_version: 1, copy: 1, clash: 1 };
  var names = [];
  Array.prototype.forEach.call(form.elements, function (field) {
    if (field.name && !APART[field.name] && field.name.indexOf("keep-") && names.indexOf(field.name) < 0) { names.push(field.name); }
  });
  function nodes(name) { return Array.prototype.slice.call(form.querySelectorAll('[name="' + name + '"]')); }
  function box(node) { return node.type === "radio" || node.type === "checkbox"; }
  function values(name) {
    return nodes(name).filter(function (node) { return box(node) ? node.checked : node.value; })
      .map(function (node) { return node.value; });
  }
  function put(name, given) {
    nodes(name).forEach(function (node) {
      if (box(node)) { node.checked = given.indexOf(node.value) >= 0; } else { node.value = given[0] || ""; }
    });
  }
  function label(name) {
    var node = nodes(name)[0], own = node && node.labels && node.labels[0], set = node && node.closest("fieldset");
    var line = node && node.closest("[data-line]"), of = line ? line.querySelector("summary").textContent + ": " : "";
    var text = set && box(node) ? set.querySelector("legend").firstChild : own;
    return of + (text ? text.textContent.trim() : name);
  }
  function shown(name, given) {
    return given.map(function (value) {
      var first = nodes(name)[0], all = first.options ? Array.from(first.options) : box(first) ? nodes(name) : [];
      var one = all.filter(function (each) { return each.value === value; })[0];
      return one ? (one.labels ? one.labels[0] : one).textContent.trim() : value;
    }).join(", ") || say.empty;
  }
  function same(a, b) { return JSON.stringify(a) === JSON.stringify(b); }

  // --- result, reasons, folding -----------------------------------------------------------------------------------
  function chosen(name) { return Number(values(name)[0]) || null; }
  var order = ["low", "moderate", "elevated", "high"], begins = figures(form.dataset.bands);
  function plain(n) { return begins.filter(function (least) { return n >= least; }).length; }
  function level(p, c) {
    var found = plain(p * c);
    return order[c === 5 ? Math.max(found, order.indexOf(form.dataset.worst)) : found];
  }
  function show(key, p, c) {
    var spot = document.querySelector('[data-result="' + key + '"]');
    if (!p || !c) { return; }
    var now = level(p, c);
    spot.querySelector("[data-band]").replaceChildren(make("span", words[now] + " " + p * c, "kr-band kr-big " + SIGNS[now]));
    spot.querySelector("[data-formula]").textContent = fill(say.formula, { p: p, c: c, n: p * c });
    spot.querySelector("[data-raised]").hidden = now === order[plain(p * c)];
  }
  function ask(name, wanted) {
    var spot = form.querySelector('[data-ask="' + name + '"]');
    if (spot) { spot.hidden = !wanted && !spot.querySelector("textarea").value; }
  }
  function leaps(now, last) {
    return last.length === 5 && now.some(function (n, i) { return n && Math.abs(n - last[i]) >= Number(form.dataset.leap); });
  }
  function copied() { return form.elements.copied.value.split(";").filter(Boolean); }
  function uncopy() {  // what is no longer last year's is no copy
    form.elements.copied.value = copied().filter(function (answer) {
      return !copies[answer] || Object.keys(copies[answer]).every(function (name) {
        return /reason/.test(name) || same(values(name), [copies[answer][name]]);
      });
    }).join(";");
  }
  function fold(now) {
    var differs = !!form.querySelector('[name$="-own"]:checked');
    var asked = unfold || differs || now[2] >= GOOD_CONTROL || now[3] || now[4] ||
      form.querySelector("[data-residual] .form-error-message");
    form.querySelectorAll("[data-residual]").forEach(function (part) { part.hidden = !asked; });
    form.querySelector("[data-follows]").hidden = !!asked;
    var follows = !differs && now[2] && now[2] < GOOD_CONTROL && !now[3] && !now[4];
    document.querySelector("[data-following]").hidden = !follows;
    return follows ? [now[0], now[1], now[2], now[0], now[1]] : now;
  }
  function count() {
    var spot = form.querySelector("[data-count]"), n = form.elements.reason.value.length;
    var most = Number(spot.dataset.count), near = n > 0.8 * most;
    spot.hidden = !near;
    spot.textContent = near ? fill(say.left, { n: n, most: most }) : "";
  }
  function update() {
    uncopy();
    form.querySelectorAll("[data-line]").forEach(function (line) {
      var prefix = "line-" + line.dataset.line + "-", own = form.elements[prefix + "own"];
      var now = SCALES.map(function (name) { return chosen(prefix + name); });
      ask(prefix + "reason_step", own.checked && leaps(now, figures(line.dataset.last)));
    });
    var last = figures(form.dataset.last), now = fold(SCALES.map(chosen));
    show("inherent", now[0], now[1]); show("residual", now[3], now[4]);
    var unchanged = last.length === 5 && same(now, last);
    ask("reason_step", leaps(now, last));
    ask("reason_no_key_control", asks.no_key_control && form.dataset.keyControl === "no" && now[0] && now[1] && now[3] && now[4] &&
      now[3] * now[4] < now[0] * now[1]);
    ask("reason_unchanged", (asks.copied && copied().length) ||
      (asks.unchanged && unchanged && values("change_kinds").length));
    ask("fraud_reason", asks.fraud && values("fraud")[0] === "yes");
    count();
  }

  // --- drafts that save themselves --------------------------------------------------------------------------------
  var version = form.elements.row_version.value, kept = {}, held = {}, taken = [];
  var window_ = Array.from(crypto.getRandomValues(new Uint8Array(12)), function (n) { return n.toString(36); }).join("");
  var timer = null, busy = null, failed = 0, over = false, out = false, asked = false, leaving = false;
  var bad = {}, refusal = "", at = status.textContent;
  var from = null, going = null;  // the page that comes may have been made before the last save: it sends what was typed once more
  names.forEach(function (name) { kept[name] = values(name); });

  function tell(text, link) {
    status.textContent = text;
    if (link) {
      var anchor = make("a", say.login);
      anchor.href = "/login?next=" + encodeURIComponent(url);
      status.append(" ", anchor);
    }
  }
  function wrong(name) { return bad[name] === JSON.stringify(values(name)); }
  function pending() { return names.filter(function (name) { return !same(values(name), kept[name]); }); }
  function remember() {  // until it is saved, what is typed outlives the page
    var typed = {};
    pending().forEach(function (name) { typed[name] = values(name); });
    try {
      if (Object.keys(typed).length) {
        sessionStorage.setItem(store, JSON.stringify({ version: version, window: window_, typed: typed }));
      } else if (!going) { sessionStorage.removeItem(store); }
    } catch (error) { /* then the page alone holds it */ }
  }
  function later(ms) { clearTimeout(timer); timer = setTimeout(save, ms); }
  function changed() {
    update();
    remember();
    failed = 0;
    if (!over) { later(PAUSE); }
  }
  function body(sent) {
    var data = new URLSearchParams();
    data.set("csrf_token", form.elements.csrf_token.value);
    data.set("row_version", version);
    data.set("window", window_);
    Object.keys(sent).forEach(function (name) {
      (sent[name].length ? sent[name] : [""]).forEach(function (value) { data.append(name, value); });
    });
    return data;
  }
  function save() {
    clearTimeout(timer);
    if (busy) { return busy; }
    var sent = {};
    pending().forEach(function (name) { if (!held[name] && !wrong(name)) { sent[name] = values(name); } });
    if (!Object.keys(sent).length || over) { return Promise.resolve(pending().every(wrong)); }
    tell(say.saving);
    var data = body(sent), small = data.toString().length < 60000;  // a browser sends no more after the page is left
    busy = fetch(url, { method: "PUT", body: data, keepalive: small, headers: { Accept: "application/json" } })
      .then(function (answer) { return answered(answer, sent); }, again).then(function (done) {
        busy = null;
        remember();
        if (done === "more") { return save(); }
        return done;
      });
    return busy;
  }
  function again() {
    var seconds = WAITS[Math.min(failed, WAITS.length - 1)];
    failed += 1;
    tell(fill(say.retry, { seconds: seconds }));
    later(seconds * 1000);
    return false;
  }
  function answered(answer, sent) {
    if (answer.status === 401 || answer.status === 400) { return renewed(answer.status); }
    if (answer.status >= 500 || answer.status === 429) { return again(); }
    return answer.json().then(function (told) {
      if (told.version) { return merge(told, sent, answer.status === 409); }
      if (told.again) { return again(); }
      if (told.reasons) { return stop(told.reasons.join(" ")); }
      told.errors.forEach(function (one) { bad[one[0]] = JSON.stringify(sent[one[0]]); });
      refusal = fill(say.refused, { why: told.errors.map(function (one) { return one[1]; }).join(" ") });
      tell(refusal);
      return "more";
    }, function () { return stop(answer.status); });
  }
  function stop(why) {
    over = true;
    tell(fill(say.refused, { why: why }));
    return false;
  }
  function renewed(code) {  // somebody may have signed in again in another tab
    return fetch(url).then(function (answer) { return answer.text().then(function (text) {
      var page = new DOMParser().parseFromString(text, "text/html"), now = page.querySelector("form[data-assessment]");
      if (now && now.dataset.person === form.dataset.person && failed < 3) {
        failed += 1;
        form.elements.csrf_token.value = now.elements.csrf_token.value;
        return "more";
      }
      if (code === 400 && now) { return again(); }
      out = over = asked = true;
      tell(say.out, true);
      return false;
    }); }, again);
  }
  function merge(told, sent, both) {
    version = form.elements.row_version.value = told.version;
    failed = 0;
    told.taken.forEach(function (one) {
      if (!same(values(one.name), kept[one.name])) { return; }
      put(one.name, one.values);
      kept[one.name] = one.values;
      if (one.name === "copied") { return; }
      taken.push(fill(say.merged, { field: label(one.name), answer: shown(one.name, one.values), who: one.who, at: one.at }));
    });
    if (taken.length) { list(); }
    var left = {};
    told.clashes.forEach(function (one) { left[one.name] = held[one.name] = one; });
    Object.keys(sent).forEach(function (name) { if (!left[name]) { kept[name] = sent[name]; } });
    update();
    if (both) { dispute(); }
    at = fill(say.saved, { at: told.at });
    if (pending().some(function (name) { return !held[name] && !wrong(name); })) { return "more"; }
    tell(Object.keys(held).length ? say.held : pending().length ? refusal : at);
    asked = pending().length > 0 && asked;
    return pending().every(wrong);
  }
  function list() {
    var spot = form.querySelector("[data-merged]");
    spot.querySelector("ul").replaceChildren.apply(spot.querySelector("ul"), taken.map(function (text) { return make("li", text); }));
    spot.hidden = false;
  }

  // --- both changed the same answer -------------------------------------------------------------------------------
  function choice(name, value, text) {
    var row = make("div", "", "form-group-radio"), radio = make("input", "", "form-radio"), about = make("label", text, "kr-lines");
    radio.type = "radio"; radio.name = "keep-" + name; radio.value = value;
    radio.id = about.htmlFor = "keep-" + name + "-" + value;
    row.append(radio, about);
    return row;
  }
  function dispute() {
    var listed = Object.keys(held).map(function (name) {
      var one = held[name], set = make("fieldset", "", "form-group");
      set.dataset.name = name;
      set.append(make("legend", label(name), "form-label"),
        choice(name, "mine", fill(say.yours, { answer: shown(name, values(name)) })),
        choice(name, "theirs", fill(say.theirs, { who: one.who, at: one.at, answer: shown(name, one.values) })));
      return set;
    });
    clash.querySelector("[data-clashes]").replaceChildren.apply(clash.querySelector("[data-clashes]"), listed);
    clash.querySelector("[data-unchosen]").hidden = true;
    from = nodes(Object.keys(held)[0])[0];
    if (!clash.open) { clash.showModal(); }
  }
  clash.querySelector("[data-choose]").addEventListener("click", function () {
    var sets = Array.prototype.slice.call(clash.querySelectorAll("fieldset"));
    var open = sets.filter(function (set) { return !set.querySelector(":checked"); });
    clash.querySelector("[data-unchosen]").hidden = !open.length;
    if (open.length) { open[0].querySelector("input").focus(); return; }
    sets.forEach(function (set) {
      var name = set.dataset.name;
      kept[name] = held[name].values;
      if (set.querySelector(":checked").value === "theirs") { put(name, held[name].values); }
      delete held[name];
    });
    clash.close();
    update();
    remember();
    tell(at);
    save();
  });
  clash.addEventListener("close", function () {  // else the text has the focus, but takes no keys
    from.blur();
    from.focus();
    if (Object.keys(held).length) { tell(say.held); reopen(); }
  });
  function reopen() {
    var button = make("button", say.choose, "button kr-link");
    button.type = "button";
    button.addEventListener("click", dispute);
    status.append(" ", button);
  }

  // --- what happens on the page -----------------------------------------------------------------------------------
  form.addEventListener("input", function (event) {
    var line = event.target.closest("[data-line]");
    if (line && !/-own$/.test(event.target.name) && event.target.value) {
      form.elements["line-" + line.dataset.line + "-own"].checked = true;
    }
    changed();
  });
  form.addEventListener("click", function (event) {
    if (event.target.closest("[data-open]")) { unfold = true; update(); nodes(SCALES[3])[0].focus(); }
  });
  form.addEventListener("submit", function (event) {
    var button = event.submitter;
    if (button && button.name === "copy") {
      event.preventDefault();
      var wanted = button.value === "all" ? Object.keys(copies) : [button.value];
      wanted.forEach(function (answer) {
        Object.keys(copies[answer]).forEach(function (name) {
          if (!(/reason/.test(name) && values(name).length)) { put(name, copies[answer][name] ? [copies[answer][name]] : []); }
        });
      });
      form.elements.copied.value = copied().filter(function (one) { return wanted.indexOf(one) < 0; }).concat(wanted).join(";");
      return changed();
    }
    if (leaving) { return; }
    event.preventDefault();
    Promise.resolve(busy).then(save).then(function (done) {  // first what was typed, then the button
      if (!done) {
        if (Object.keys(held).length) { dispute(); } else if (!over) { tell(say.gone); later(WAITS[0] * 1000); }
        return;
      }
      leaving = true;
      setTimeout(function () { form.requestSubmit(button); });  // not while this submission is still being told
    });
  });
  window.addEventListener("online", function () { if (pending().length) { save(); } });
  document.addEventListener("visibilitychange", function () {
    if (out && !document.hidden) { out = over = false; failed = 0; }  // perhaps signed in again in another tab
    if (document.hidden || pending().length) { save(); }
  });
  window.addEventListener("pagehide", save);
  window.addEventListener("beforeunload", function (event) {
    clearTimeout(going);
    going = setTimeout(function () { going = null; remember(); }, 5000);
    if (leaving || asked || !pending().length) { return; }
    asked = true;
    save();
    event.preventDefault();
  });
  window.addEventListener("pageshow", function (event) { if (event.persisted) { location.reload(); } });

  // --- what was typed before the sign-in ended, or the page was left ----------------------------------------------
  (function () {
    var old = null;
    try {
      Object.keys(sessionStorage).forEach(function (key) {  // another person's is not for these eyes
        if (key.indexOf("kontrolrul-draft-") === 0 && key.indexOf("kontrolrul-draft-" + form.dataset.person + "/")) {
          sessionStorage.removeItem(key);
        }
      });
      old = JSON.parse(sessionStorage.getItem(store));
    } catch (error) { return; }
    if (!old) { return; }
    Object.keys(old.typed).forEach(function (name) { if (kept[name]) { put(name, old.typed[name]); } });
    if (!pending().length) { return remember(); }
    if (old.version.split(".")[0] === version.split(".")[0]) { version = old.version; }
    window_ = old.window;
    tell(say.back);
    later(0);
  }());
  form.querySelector("[data-plain]").hidden = true;
  update();
}());

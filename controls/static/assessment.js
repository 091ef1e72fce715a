// Comfort on the assessment form: shows the result while one chooses, and asks for a reason at once. Works without.
(function () {
  "use strict";
  var form = document.querySelector("form[data-assessment]");
  if (!form) { return; }
  var names = ["inherent_likelihood", "inherent_impact", "control_level", "residual_likelihood", "residual_impact"];
  var signs = { low: "kr-l", moderate: "kr-m", elevated: "kr-f", high: "kr-h" };
  var words = JSON.parse(form.dataset.words || "{}");
  function chosen(name) {
    var found = form.querySelector('[name="' + name + '"]:checked') || form.querySelector('select[name="' + name + '"]');
    return found && found.value ? Number(found.value) : null;
  }
  var order = ["low", "moderate", "elevated", "high"], begins = figures(form.dataset.bands);
  function level(p, c) {
    var found = begins.filter(function (least) { return p * c >= least; }).length;
    return order[c === 5 ? Math.max(found, order.indexOf(form.dataset.worst)) : found];
  }
  function show(key) {
    var p = chosen(key + "_likelihood"), c = chosen(key + "_impact");
    var spot = document.querySelector('[data-result="' + key + '"] [data-band]');
    if (!spot || !p || !c) { return; }
    var mark = document.createElement("span"), now = level(p, c);
    mark.className = "kr-band kr-big " + signs[now];
    mark.textContent = words[now] + " " + p * c;
    spot.replaceChildren(mark);
  }
  function ask(name, wanted) {
    var box = form.querySelector('[data-ask="' + name + '"]');
    if (box) { box.hidden = !wanted && !box.querySelector("textarea").value; }
  }
  function leaps(now, last) {
    return last.length === 5 && now.some(function (n, i) { return n && Math.abs(n - last[i]) >= Number(form.dataset.leap); });
  }
  function figures(text) { return text ? text.split(" ").map(Number) : []; }
  function update() {
    var now = names.map(chosen), last = figures(form.dataset.last);
    show("inherent"); show("residual");
    var same = last.length === 5 && now.every(function (n, i) { return n === last[i]; });
    var changed = form.querySelector('[name="change_kinds"]:checked');
    ask("reason_step", leaps(now, last));
    ask("reason_no_key_control", form.dataset.keyControl === "no" && now[0] && now[1] && now[3] && now[4] &&
      now[3] * now[4] < now[0] * now[1]);
    ask("reason_unchanged", form.elements.copied.value === "yes" || (same && changed));
    ask("fraud_reason", form.querySelector('[name="fraud"][value="yes"]:checked'));
    form.querySelectorAll("[data-line]").forEach(function (line) {
      var prefix = "line-" + line.dataset.line + "-";
      ask(prefix + "reason_step", leaps(names.map(function (n) { return chosen(prefix + n); }), figures(line.dataset.last)));
    });
  }
  form.addEventListener("change", update);
  update();
}());

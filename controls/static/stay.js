// Warns two minutes before the sign-in ends and lets it go on. Without script it ends, and what is sent then is kept.
(function () {
  "use strict";
  var WARN = 120000, EVERY = 5000, KEY = "kontrolrul-idle";
  var box = document.querySelector("dialog[data-idle]"), form = box && box.querySelector("form");
  if (!box || !box.showModal) { return; }
  var whole = Date.now() + box.dataset.whole * 1000, shown = "", own = 0;
  function remember(seconds) {
    own = Date.now() + seconds * 1000;
    try { localStorage.setItem(KEY, own); } catch (error) { /* then each tab counts for itself */ }
  }
  function ends() {  // what is done in another tab counts here too
    try { return Number(localStorage.getItem(KEY)) || own; } catch (error) { return own; }
  }
  function show(state, failed) {
    box.querySelectorAll("[data-when]").forEach(function (part) {
      var states = part.dataset.when.split(" ");
      part.hidden = states.indexOf(state) < 0 && !(failed && states.indexOf("failed") >= 0);
    });
  }
  function look() {
    var now = Date.now(), idle = ends(), left = Math.min(idle, whole) - now;
    var state = left > WARN ? "" : left <= 0 ? "out" : whole < idle ? "whole" : "idle";
    if (state === shown) { return; }
    shown = state;
    show(state);
    if (!state) { box.close(); } else if (!box.open) { box.showModal(); }
  }
  form.addEventListener("submit", function (event) {
    if (event.submitter && event.submitter.formMethod === "dialog") { return; }
    event.preventDefault();
    fetch(form.action, { method: "POST", body: new FormData(form) }).then(function (answer) {
      if (answer.status === 401) { whole = 0; return look(); }
      return answer.json().then(function (left) { remember(left.idle); look(); });
    }).catch(function () { show("idle", true); });
  });
  document.addEventListener("submit", function (event) {  // what was typed is not for who comes after
    if (!/\/logout$/.test(event.target.action)) { return; }
    try { sessionStorage.clear(); } catch (error) { /* then there is nothing */ }
  });
  remember(Number(box.dataset.idle));
  setInterval(look, EVERY);
  document.addEventListener("visibilitychange", look);
}());

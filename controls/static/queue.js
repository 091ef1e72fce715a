// Comfort in the calibration meeting: arrows move in the queue, one key agrees and goes on. Works without.
(function () {
  "use strict";
  var room = document.querySelector("[data-queue][data-keys]");
  if (!room) { return; }
  var links = Array.from(room.querySelectorAll("nav ol a")), agree = room.querySelector("[data-agree]"), sent = false;
  function elsewhere(at) {  // where one writes, or in another part of the page; nowhere is the queue
    return at.matches("input, select, textarea, [contenteditable]") || !(at === document.body || room.contains(at));
  }
  if (agree) { agree.setAttribute("aria-keyshortcuts", room.dataset.keys); }
  room.addEventListener("submit", function (event) {  // a key that is held down agrees once
    if (sent) { event.preventDefault(); }
    sent = true;
  });
  window.addEventListener("pageshow", function () { sent = false; });
  document.addEventListener("keydown", function (event) {
    if (event.repeat || event.ctrlKey || event.altKey || event.metaKey || elsewhere(event.target)) { return; }
    if (event.key === room.dataset.keys && agree) {
      event.preventDefault();
      agree.click();
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      var now = links.indexOf(document.activeElement);
      if (now < 0) { now = links.findIndex(function (link) { return link.getAttribute("aria-current"); }); }
      var next = links[now + (event.key === "ArrowDown" ? 1 : -1)];
      if (next) { event.preventDefault(); next.focus(); }
    }
  });
}());

// Shows at once what the ticked sub-processes take. Without script a button does the same.
(function () {
  "use strict";
  var form = document.querySelector("form[data-proposed]");
  if (!form) { return; }
  var of = form.dataset, boxes = Array.from(form.querySelectorAll("[name=keep]"));
  var number = new Intl.NumberFormat(document.documentElement.lang === "en" ? "en" : "da");
  function tens(hours) { return Math.floor((hours + 5) / 10 + 1e-9) * 10; }
  function update() {
    var kept = boxes.filter(function (box) { return box.checked; }), heavy = 0, light = 0;
    kept.forEach(function (box) { if ("short" in box.dataset) { light += +box.dataset.share; } else { heavy += +box.dataset.share; } });
    var found = {
      kept: kept.length, away: boxes.length - kept.length, floor: Math.ceil(kept.length / of.floor),
      yearly: Math.ceil((heavy + light) / of.parts - 1e-9), hours: tens((heavy + light) * of.ordinary / of.parts),
      hours_light: tens((heavy * of.ordinary + light * of.light) / of.parts)
    };
    form.querySelectorAll("[data-figure]").forEach(function (spot) {
      spot.textContent = number.format(found[spot.dataset.figure]);
    });
  }
  form.querySelectorAll("[name=show]").forEach(function (button) { button.hidden = true; });
  form.addEventListener("change", update);
  update();
}());

"use strict";
(function () {
  var form = document.querySelector("form.filter");
  var rows = Array.from(document.querySelectorAll("tr.device"));
  if (form && rows.length) {
    var texts = rows.map(function (row) { return row.textContent.toLowerCase(); });
    var filter = function () {
      var text = form.elements.text.value.trim().toLowerCase();
      var verdict = form.elements.verdict.value;
      var shown = 0;
      rows.forEach(function (row, index) {
        var fits = (!text || texts[index].indexOf(text) >= 0) &&
          (!verdict || row.dataset.verdicts.split(";").indexOf(verdict) >= 0);
        row.hidden = !fits;
        if (fits) { shown += 1; }
      });
      document.body.classList.toggle("filtered", Boolean(text || verdict));
      form.elements.shown.textContent = text || verdict ? shown + " of " + rows.length + " shown" : "";
    };
    form.hidden = false;
    form.addEventListener("input", filter);
    form.addEventListener("submit", function (event) { event.preventDefault(); });
  }
  // A link into something folded unfolds it.
  var unfold = function () {
    var target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    for (var node = target; node; node = node.parentElement) {
      if (node.tagName === "DETAILS") { node.open = true; }
      if (node.className === "folded") {
        node.previousElementSibling.querySelector("input").checked = true;
      }
    }
    if (target) { target.scrollIntoView(); }
  };
  window.addEventListener("hashchange", unfold);
  unfold();
  // Paper cannot be unfolded.
  var opened = [];
  window.addEventListener("beforeprint", function () {
    opened = Array.from(document.querySelectorAll("details:not([open])"));
    opened.forEach(function (details) { details.open = true; });
  });
  window.addEventListener("afterprint", function () {
    opened.forEach(function (details) { details.open = false; });
  });
})();

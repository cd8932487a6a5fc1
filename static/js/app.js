// Niceties only: every page works without this file.
(function () {
  "use strict";

  // One box chooses all rows of the page.
  document.addEventListener("change", function (event) {
    var name = event.target.dataset && event.target.dataset.chooseAll;
    if (!name) return;
    document.querySelectorAll('input[name="' + name + '"]').forEach(function (box) {
      box.checked = event.target.checked;
    });
  });

  // After an error the summary is read first.
  var summary = document.querySelector("[data-focus]");
  if (summary) summary.focus();

  // Ctrl+K goes to the list of tenants, from which typing finds one.
  document.addEventListener("keydown", function (event) {
    if ((event.ctrlKey || event.metaKey) && event.key === "k") {
      var link = document.querySelector("[data-switcher]");
      if (link) {
        event.preventDefault();
        link.click();
      }
    }
  });
})();

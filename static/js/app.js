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

  // The bar of bulk acts comes when something is chosen; "all that match" is offered in it.
  var bar = document.querySelector("[data-bulk]");
  if (bar) {
    var count = bar.querySelector(".bulk-count");
    var awake = function () {
      var chosen = document.querySelectorAll('input[name="' + bar.dataset.bulk + '"]:checked').length;
      bar.hidden = chosen === 0;
      bar.classList.toggle("awake", chosen > 0);
      count.textContent = chosen ? count.dataset.one + " " + chosen : "";
    };
    document.addEventListener("change", awake);
    // A page that the browser brings back has its boxes as they were left.
    window.addEventListener("pageshow", awake);
    awake();
  }

  // Long forms: what does not contain the words typed is out of sight; what is ticked stays.
  document.querySelectorAll("[data-find]").forEach(function (box) {
    var input = box.querySelector("input");
    var form = box.closest("form");
    box.hidden = false;
    input.addEventListener("keydown", function (event) {
      if (event.key === "Enter") event.preventDefault();
    });
    input.addEventListener("input", function () {
      var words = input.value.trim().toLowerCase();
      form.querySelectorAll(box.dataset.find).forEach(function (item) {
        if (item.contains(box)) return;
        item.hidden = item.textContent.toLowerCase().indexOf(words) < 0 && !item.querySelector("input:checked");
      });
      form.querySelectorAll(".jumps").forEach(function (list) {
        list.hidden = words !== "";
      });
      form.querySelectorAll(".form-heading").forEach(function (heading) {
        var next = heading.nextElementSibling;
        while (next && next.hidden) next = next.nextElementSibling;
        heading.hidden = !next || !next.matches(".field");
      });
    });
  });

  // A new field asks only what its type has.
  var kind = document.querySelector("select#type");
  var own = { max: "text", precision: "decimal", scale: "decimal", choices: "choice" };
  if (kind && document.getElementById("choices")) {
    var ask = function () {
      Object.keys(own).forEach(function (id) {
        document.getElementById(id).closest(".field").hidden = own[id] !== kind.value;
      });
    };
    kind.addEventListener("change", ask);
    ask();
  }

  // Who describes a new field for a column that is left out wants it.
  document.addEventListener("input", function (event) {
    var described = /^new_(?:label|key|type)_(\d+)$/.exec(event.target.id || "");
    var column = described && document.getElementById("column_" + described[1]);
    if (column && column.value === "") column.value = "new";
  });

  // How hard a new password is to guess, said below it while it is typed.
  document.querySelectorAll("[data-strength]").forEach(function (input) {
    var token = input.form.querySelector('input[name="_csrf"]');
    var note = document.createElement("p");
    note.className = "form-hint";
    note.id = input.id + "-strength";
    note.setAttribute("role", "status");
    input.after(note);
    input.setAttribute("aria-describedby", ((input.getAttribute("aria-describedby") || "") + " " + note.id).trim());
    var waits, asked = 0;
    input.addEventListener("input", function () {
      clearTimeout(waits);
      var number = ++asked;
      if (!input.value) {
        note.textContent = "";
        return;
      }
      waits = setTimeout(function () {
        var body = new URLSearchParams({ _csrf: token.value, password: input.value });
        fetch("/password/strength", { method: "POST", body: body })
          .then(function (answer) { return answer.ok ? answer.json() : { text: "" }; })
          .then(function (said) { if (number === asked) note.textContent = said.text; })
          .catch(function () { note.textContent = ""; });
      }, 300);
    });
  });

  // After an error the summary is read first.
  var summary = document.querySelector("[data-focus]");
  if (summary) summary.focus();

  // Ctrl+K goes to the list of tenants, from which typing finds one; Enter takes the first.
  document.addEventListener("keydown", function (event) {
    if (event.key !== "Enter" || !event.target.matches("[data-first]")) return;
    var first = document.querySelector("#found a");
    if (first && event.target.value) {
      event.preventDefault();
      first.click();
    }
  });
  document.addEventListener("keydown", function (event) {
    if ((event.ctrlKey || event.metaKey) && event.key === "k") {
      var link = document.querySelector("[data-switcher]");
      if (link) {
        event.preventDefault();
        link.click();
      }
    }
  });

  // A matrix: a group at once, arrows between cells, changed cells marked and counted.
  var matrix = document.querySelector("[data-matrix]");
  if (matrix) {
    var counter = document.querySelector("[data-matrix-count]");
    var cells = function (within) {
      return Array.prototype.slice.call(within.querySelectorAll('input[name="cell"]'));
    };
    var mark = function () {
      var changed = cells(matrix).filter(function (box) {
        var differs = box.checked !== box.defaultChecked;
        box.classList.toggle("changed", differs);
        return differs;
      });
      if (counter) counter.textContent = changed.length ? "± " + changed.length : "";
    };
    matrix.querySelectorAll("[data-choose-group]").forEach(function (button) {
      var column = button.closest("td").cellIndex;
      var group = cells(button.closest("tbody")).filter(function (box) {
        return box.closest("td").cellIndex === column;
      });
      button.hidden = group.length === 0;
      button.addEventListener("click", function () {
        var all = group.every(function (box) { return box.checked; });
        group.forEach(function (box) { box.checked = !all; });
        mark();
      });
    });
    matrix.addEventListener("change", mark);
    window.addEventListener("pageshow", mark);
    matrix.addEventListener("keydown", function (event) {
      var step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
      if (!step || !event.target.matches('input[name="cell"]')) return;
      event.preventDefault();
      var cell = event.target.closest("td");
      var rows = Array.prototype.slice.call(matrix.rows);
      var row = rows.indexOf(cell.parentNode);
      var at = cell.cellIndex;
      do {
        row += step[0];
        at += step[1];
        var next = rows[row] && rows[row].cells[at];
        var box = next && next.querySelector('input[name="cell"]');
        if (box) return box.focus();
      } while (next);
    });
  }
})();

// What theme and Sphinx leave out for people who use a keyboard or a screen reader: boxes that scroll can be reached and have a
// name, and captions of the table of contents, which say that they are headings, say of which level.
"use strict";
function reachable() {
  for (const box of document.querySelectorAll("pre, .table-wrapper, .cell_output .output")) {
    if (box.scrollWidth > box.clientWidth + 1 || box.scrollHeight > box.clientHeight + 1) {
      box.tabIndex = 0;
      box.setAttribute("role", "region");
      box.setAttribute("aria-label", box.matches("pre") ? "code, scrolls" : "table, scrolls");
    } else if (box.getAttribute("role") === "region") {
      for (const name of ["tabindex", "role", "aria-label"]) box.removeAttribute(name);
    }
  }
}
document.addEventListener("DOMContentLoaded", () => {
  for (const caption of document.querySelectorAll("p.caption[role=heading]")) caption.setAttribute("aria-level", "2");
  reachable();
  window.addEventListener("resize", reachable);
  window.addEventListener("load", reachable);
});

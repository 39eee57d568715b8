// Keeps what a reader has opened through a swap, and says when nothing new arrives.
"use strict";
let open = [];
const stale = () => document.getElementById("stale");
document.addEventListener("htmx:beforeSwap", () => {
  open = [...document.querySelectorAll("details[open][id]")].map((each) => each.id);
});
document.addEventListener("htmx:afterSettle", () => {
  for (const id of open) document.getElementById(id)?.setAttribute("open", "");
  const said = document.getElementById("said");
  const now = document.getElementById("now");
  if (said && now && said.textContent !== now.textContent) said.textContent = now.textContent;
});
for (const kind of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) {
  document.addEventListener(kind, () => { stale().hidden = false; });
}
document.addEventListener("htmx:afterRequest", (event) => {
  if (event.detail.successful) stale().hidden = true;
});

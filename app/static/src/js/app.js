/** Starts what pages share: GOV.UK components, the form token on htmx's requests, the word to other tabs, finding by scan. */

import { initAll } from "./govuk-frontend.min.js";
import { readBursts } from "./scan/keyboard.js";
import { tellOtherTabs } from "./scan/sign-in.js";

initAll();
tellOtherTabs();

document.addEventListener("htmx:config:request", (event) => {
  const token = document.querySelector('meta[name="csrf-token"]')?.content;
  if (token) {
    event.detail.ctx.request.headers["X-CSRF-Token"] = token;
  }
});

// A scan finds its item wherever the focus is. It is a search of its own: what the list was narrowed to would hide it.
const find = document.querySelector("form[data-find-by-scan]");
if (find) {
  readBursts((barcode) => {
    find.elements.q.value = barcode;
    location.assign(`${find.action}?${new URLSearchParams({ q: barcode })}`);
  });
}

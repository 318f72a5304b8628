/** Starts what every page shares: the GOV.UK components, the form token on htmx's requests, the word to other tabs. */

import { initAll } from "./govuk-frontend.min.js";
import { tellOtherTabs } from "./scan/sign-in.js";

initAll();
tellOtherTabs();

document.addEventListener("htmx:config:request", (event) => {
  const token = document.querySelector('meta[name="csrf-token"]')?.content;
  if (token) {
    event.detail.ctx.request.headers["X-CSRF-Token"] = token;
  }
});

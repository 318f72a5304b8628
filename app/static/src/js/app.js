/** Starts what every page shares: the GOV.UK components, and the form token on requests made by htmx. */

import { initAll } from "./govuk-frontend.min.js";

initAll();

document.addEventListener("htmx:config:request", (event) => {
  const token = document.querySelector('meta[name="csrf-token"]')?.content;
  if (token) {
    event.detail.ctx.request.headers["X-CSRF-Token"] = token;
  }
});

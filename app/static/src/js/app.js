/** Starts what pages share: GOV.UK components, htmx's form token, the word to other tabs, finding by scan, the camera. */

import { initAll } from "./govuk-frontend.min.js";
import { keepOnDevice } from "./device.js";
import { readBursts } from "./scan/keyboard.js";
import { tellOtherTabs } from "./scan/sign-in.js";

initAll();
tellOtherTabs();
keepOnDevice();

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

// A camera there is only where the page came by HTTPS or from this very machine. What reads labels is fetched when wanted.
if (navigator.mediaDevices?.getUserMedia) {
  document.querySelectorAll("[data-camera]").forEach((button) => {
    button.hidden = false;
    button.addEventListener("click", async () => (await import("./scan/camera.js")).openCamera(button));
  });
}

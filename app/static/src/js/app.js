/** Starts what pages share: GOV.UK components, htmx's form token, the address of what is searched, the word to other tabs,
 * finding by scan, the camera, what waits on the device. */

import { initAll } from "./govuk-frontend.min.js";
import { keepOnDevice } from "./device.js";
import { readBursts } from "./scan/keyboard.js";
import { tellOtherTabs } from "./scan/sign-in.js";
import { tellWhatWaits } from "./waiting.js";

initAll();
tellOtherTabs();
keepOnDevice();
tellWhatWaits();

document.addEventListener("htmx:config:request", (event) => {
  const token = document.querySelector('meta[name="csrf-token"]')?.content;
  if (token) {
    event.detail.ctx.request.headers["X-CSRF-Token"] = token;
  }
});

// What a list was narrowed to stands in the address, so that Back and reload keep it. Only lists of things do this: what
// people are looked for by stands in no address.
document.addEventListener("htmx:after:swap", ({ detail: { ctx } }) => {
  if (ctx.sourceElement.matches("[data-keeps-address]")) {
    const asked = [...new FormData(ctx.sourceElement)].filter(([, value]) => value);
    const question = new URLSearchParams(asked).toString();
    history.replaceState(history.state, "", question ? `${location.pathname}?${question}` : location.pathname);
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

// A browser that does not open by style what is printed has it opened while it prints.
const closed = () => document.querySelectorAll(".app-chart__figures:not([open])");
let opened = [];
window.addEventListener("beforeprint", () => {
  opened = [...closed()];
  opened.forEach((figures) => figures.setAttribute("open", ""));
});
window.addEventListener("afterprint", () => opened.forEach((figures) => figures.removeAttribute("open")));

// A camera there is only where the page came by HTTPS or from this very machine. What reads labels is fetched when wanted.
if (navigator.mediaDevices?.getUserMedia) {
  document.querySelectorAll("[data-camera]").forEach((button) => {
    button.hidden = false;
    button.addEventListener("click", async () => (await import("./scan/camera.js")).openCamera(button));
  });
}

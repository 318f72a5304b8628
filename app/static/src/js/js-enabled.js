// Says that scripts run, before the first paint. A file of its own, because no inline script is allowed.
document.body.classList.add("js-enabled");
if ("noModule" in HTMLScriptElement.prototype) {
  document.body.classList.add("govuk-frontend-supported");
}

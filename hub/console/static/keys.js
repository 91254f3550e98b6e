// Single keys for what a page marks with data-key="a ArrowRight"; ? shows them. Switched off, they do nothing.
"use strict";

(() => {
  const OFF = "hub-keys-off";
  const off = () => localStorage.getItem(OFF) === "1";
  let busy = false;

  const shown = (element) => element.offsetParent !== null && !element.disabled;
  const find = (key) => [...document.querySelectorAll("[data-key]")].find((one) => one.dataset.key.split(" ").includes(key) && shown(one));

  document.addEventListener("keydown", (event) => {
    const target = event.target instanceof Element ? event.target : document.body;
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (target.closest("input:not([type=checkbox]), textarea, select, [contenteditable]")) {
      if (event.key === "Escape") target.blur();
      return;
    }
    if (document.querySelector("dialog[open]")) return;
    if (off() && event.key !== "?") return;
    // A key that is held down, or pressed while the answer is on its way, answers one question only.
    if (event.repeat || busy) return;
    const found = find(event.key);
    if (!found) return;
    event.preventDefault();
    found.click();
  });

  const settings = () => {
    for (const box of document.querySelectorAll("[data-keys-switch]")) box.checked = !off();
    document.documentElement.toggleAttribute("data-keys-off", off());
  };
  document.addEventListener("change", (event) => {
    if (!event.target.matches("[data-keys-switch]")) return;
    localStorage.setItem(OFF, event.target.checked ? "0" : "1");
    settings();
  });
  document.addEventListener("htmx:before:request", () => { busy = true; });
  document.addEventListener("htmx:finally:request", () => { busy = false; });
  document.addEventListener("htmx:after:swap", settings);
  document.addEventListener("DOMContentLoaded", settings);
  if (document.readyState !== "loading") settings();
})();

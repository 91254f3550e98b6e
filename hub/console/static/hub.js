// What the console does in the browser beyond htmx: about a hundred lines, no eval, nothing inline.
"use strict";

(() => {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (zone && !document.cookie.includes(`hub_zone=${zone}`)) {
    document.cookie = `hub_zone=${zone}; path=/console; max-age=31536000; samesite=lax`;
  }

  // On a phone the bar of a page's parts scrolls: where one is has to be in sight.
  for (const here of document.querySelectorAll("nav [aria-current]")) {
    const bar = here.closest(".tabs");
    if (bar) bar.scrollLeft = here.offsetLeft - (bar.clientWidth - here.offsetWidth) / 2;
  }

  // A link that signs in once: what stands behind # goes into the form, and out of the address.
  const enter = document.querySelector("form[data-enter]");
  if (enter && location.hash.length > 1) {
    enter.elements.ticket.value = location.hash.slice(1);
    history.replaceState(null, "", location.pathname);
    enter.requestSubmit();
  }

  const told = document.getElementById("told");
  let quiet;
  const tell = (name) => {
    const text = document.getElementById(`told-${name}`);
    told.replaceChildren(text.content.cloneNode(true));
    told.classList.add("shown");
    clearTimeout(quiet);
    quiet = setTimeout(() => told.classList.remove("shown"), name === "copied" ? 1500 : 12000);
  };

  document.addEventListener("click", async (event) => {
    const target = event.target instanceof Element ? event.target : document.body;
    const copied = target.closest("[data-copy]");
    if (copied) {
      await navigator.clipboard.writeText(copied.dataset.copy);
      tell("copied");
    }
    const opener = target.closest("[data-opens]");
    if (opener) document.getElementById(opener.dataset.opens).showModal();
    const closer = target.closest("[data-closes]");
    if (closer) closer.closest("dialog").close();
  });

  document.addEventListener("keydown", (event) => {
    const typing = event.target instanceof Element && event.target.closest("input, textarea, select, [contenteditable]");
    if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
    const field = document.querySelector(`[data-focus="${CSS.escape(event.key)}"]`);
    if (field) {
      event.preventDefault();
      field.focus();
    }
  });

  // A session that ended while somebody typed: the page keeps what was typed, and goes on with the session after it.
  let updated = false;
  const renew = async () => {
    const answer = await fetch("/console/session", { headers: { "hx-request": "true" } });
    if (!answer.ok) return "";
    const { form_token: token, release } = await answer.json();
    if (release !== document.querySelector("meta[name=hub-release]").content) updated = true;
    const fields = [...document.querySelectorAll("input[name=form_token]")];
    const other = fields.some((field) => field.value !== token);
    for (const field of fields) field.value = token;
    document.body.setAttribute("hx-headers:inherited", JSON.stringify({ "x-form-token": token }));
    return other ? "again" : "same";
  };
  let over = false;
  document.addEventListener("htmx:response:error", async (event) => {
    const status = event.detail?.ctx?.response?.status;
    over ||= status === 401;
    if (status === 401) tell("signed-out");
    else if (status === 403) tell((await renew().catch(() => "")) === "again" ? "again" : updated ? "updated" : "refused");
    else {
      await renew().catch(() => "");
      tell(updated ? "updated" : "failed");
    }
  });
  const back = async () => {
    if (document.hidden || document.querySelector("main.alone")) return;
    const found = await renew().catch(() => "");
    if (found && over) {
      over = false;
      tell("again");
    } else if (updated) tell("updated");
  };
  addEventListener("focus", back);
  document.addEventListener("visibilitychange", back);
  document.addEventListener("submit", async (event) => {
    const form = event.target;
    const plain = event.submitter?.hasAttribute("data-plain");
    if (form.method !== "post" || (form.hasAttribute("hx-post") && !plain) || form.closest(".alone, .who")) return;
    if (event.submitter?.hasAttribute("hx-post") || form.dataset.asked) return;
    event.preventDefault();
    let found = "";
    try {
      found = await renew();
    } catch {
      return tell("failed");
    }
    if (!found) return tell("signed-out");
    // What an old page would send to a new Hub is sent when somebody says so again.
    if (updated && form.dataset.told !== "yes") {
      form.dataset.told = "yes";
      return tell("updated");
    }
    form.dataset.asked = "yes";
    form.requestSubmit(event.submitter);
    delete form.dataset.asked;
  });
  document.addEventListener("htmx:error", () => tell("failed"));

  // Live lines. The picture is made once and given new numbers; htmx leaves it alone.
  const plots = new WeakMap();
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const draw = () => {
    for (const box of document.querySelectorAll(".plot[data-came]")) {
      const came = JSON.parse(box.dataset.came);
      const went = JSON.parse(box.dataset.went);
      const count = Math.max(came.length, went.length, 2);
      const pad = (values) => [...Array(count - values.length).fill(0), ...values];
      const now = Date.now() / 1000;
      const data = [Array.from({ length: count }, (_, i) => now - (count - 1 - i) * 10), pad(came), pad(went)];
      const width = Math.max(200, Math.floor(box.getBoundingClientRect().width));
      const kept = plots.get(box);
      if (kept && box.contains(kept.root)) {
        kept.setData(data);
        kept.setSize({ width, height: 190 });
        continue;
      }
      const labels = JSON.parse(box.dataset.labels);
      const spoken = document.documentElement.lang;
      const own = navigator.languages.find((one) => one.startsWith(spoken)) ?? spoken;
      const clock = new Intl.DateTimeFormat(own, { hour: "2-digit", minute: "2-digit" });
      const axis = { stroke: () => colour("--ink-2"), grid: { stroke: () => colour("--line") }, ticks: { show: false }, font: "12px system-ui" };
      const series = (label, name) => ({ label, stroke: () => colour(name), width: 2, fill: () => colour(`${name}-soft`), points: { show: false } });
      const made = new uPlot({
        width, height: 190, cursor: { drag: { x: false } }, legend: { live: false },
        scales: { y: { range: (_, least, most) => [0, Math.max(1, most * 1.1)] } },
        axes: [{ ...axis, values: (_, times) => times.map((time) => clock.format(time * 1000)) }, { ...axis, size: 36 }],
        series: [{}, series(labels[0], "--accent"), series(labels[1], "--second")],
      }, data, box);
      plots.set(box, made);
    }
  };
  document.addEventListener("DOMContentLoaded", draw);
  document.addEventListener("htmx:after:swap", draw);
  addEventListener("resize", draw);
})();

// Events and Delivery: a dialog that the server made opens when it is there.
(() => {
  document.addEventListener("htmx:after:swap", () => {
    for (const dialog of document.querySelectorAll("dialog[data-shown]:not([open])")) dialog.showModal();
  });
})();

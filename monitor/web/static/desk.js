// Keys of the desk, and forms that act without a new page. Everything works without this script, too.
"use strict";
(() => {
  const root = document.documentElement;
  const live = document.getElementById("live");
  const help = document.getElementById("help");
  const rows = () => [...document.querySelectorAll("[data-row]")];
  const current = () => document.querySelector("[data-row].current");
  function say(text, isShown = false) {
    if (!live) return;
    live.className = isShown ? "notice toast" : "hidden";
    live.textContent = text;
  }

  function select(row) {
    if (!row) return;
    for (const other of document.querySelectorAll(".current")) other.classList.remove("current");
    row.classList.add("current");
    row.focus({ preventScroll: true });
    row.scrollIntoView({ block: "nearest" });
  }

  function move(step) {
    const all = rows();
    const at = all.indexOf(current());
    select(all[at < 0 ? (step > 0 ? 0 : all.length - 1) : Math.min(Math.max(at + step, 0), all.length - 1)]);
  }

  function press(key) {
    const row = current();
    const found = (row && row.querySelector(`[data-key="${key}"]`)) || document.querySelector(`[data-page-key="${key}"]`);
    if (found) found.click();
  }

  // Of the changes on this page, the one with the highest number is the last.
  function undo() {
    const buttons = [...document.querySelectorAll('[data-page-key="z"]')];
    if (buttons.length) buttons.reduce((last, one) => (Number(one.value) > Number(last.value) ? one : last)).click();
    else say("Nothing to undo on this page. The page Changes lists all changes.", true);
  }

  document.addEventListener("toggle", (event) => {
    const menu = event.target;
    if (!menu.matches("details.menu") || !menu.open) return;
    for (const other of document.querySelectorAll("details.menu[open]")) if (other !== menu) other.open = false;
    menu.querySelector("select, input:not([type=hidden]), button")?.focus();
  }, true);
  document.addEventListener("keydown", (event) => {
    const menu = event.key === "Escape" && event.target.closest("details.menu[open]");
    if (menu) { menu.open = false; menu.querySelector("summary").focus(); }
  });

  for (const button of document.querySelectorAll("[data-help]")) {
    button.hidden = false;
    button.addEventListener("click", () => help.showModal());
  }
  for (const link of document.querySelectorAll("[data-print]")) {
    link.addEventListener("click", (event) => { event.preventDefault(); window.print(); });
  }

  const pages = { t: "/", p: "/people", s: "/sources", d: "/digests", o: "/outbox", r: "/rules", c: "/changes" };
  let isGoing = false;
  document.addEventListener("keydown", (event) => {
    const target = event.target;
    if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
    if (target.closest("input, select, textarea, [contenteditable], dialog")) return;
    if (!root.hasAttribute("data-keys")) return;
    const key = event.key;
    if (isGoing) {
      isGoing = false;
      if (pages[key]) { event.preventDefault(); location.href = pages[key]; }
      return;
    }
    const actions = {
      j: () => move(1),
      k: () => move(-1),
      o: () => current()?.querySelector("[data-open]")?.click(),
      g: () => { isGoing = true; setTimeout(() => { isGoing = false; }, 1500); },
      "/": () => document.getElementById("find")?.focus(),
      "?": () => help.showModal(),
      z: undo,
    };
    const action = actions[key] || ("rnyimfwa".includes(key) && key.length === 1 ? () => press(key) : null);
    if (action) { event.preventDefault(); action(); }
  });

  // A form with data-swap posts in the background; its answer replaces the row, and the next row gets the focus.
  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (!form.hasAttribute("data-swap")) return;
    event.preventDefault();
    const row = form.closest("[data-row], .done");
    const next = row && rows()[rows().indexOf(row) + 1];
    const body = new URLSearchParams(new FormData(form, event.submitter));
    try {
      const answer = await fetch(form.action, { method: "POST", body, headers: { "X-Fragment": "1" } });
      const text = await answer.text();
      if (!answer.ok || !answer.headers.get("X-Fragment")) { form.removeAttribute("data-swap"); form.submit(); return; }
      const parsed = new DOMParser().parseFromString(text, "text/html").body.firstElementChild;
      row.replaceWith(parsed);
      say(parsed.dataset.say || "Done");
      if (next) select(next);
    } catch {
      say("This did not work: the desk cannot be reached.", true);
    }
  });

  // On a phone, the menu is wider than the screen.
  document.querySelector(".top [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

  // A form with data-live shows its preview anew after each change of a field.
  document.addEventListener("change", async (event) => {
    const form = event.target.closest("form[data-live]");
    if (!form) return;
    const body = new URLSearchParams(new FormData(form));
    body.set("do", "preview");
    try {
      const answer = await fetch(form.action, { method: "POST", body });
      const found = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("preview");
      if (found) document.getElementById("preview").replaceWith(found);
      say("The preview is new.");
    } catch {
      say("This did not work: the desk cannot be reached.", true);
    }
  });
})();

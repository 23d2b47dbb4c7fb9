// The editor of the page Rules: a check while typing, and links that jump to a line. It works without this script, too.
"use strict";
(() => {
  const form = document.querySelector("form[data-check]");
  const text = document.getElementById("text");
  if (!form || !text) return;
  const place = document.getElementById("place");
  const WAIT_MS = 500;
  let timer = 0;
  let running = null;
  let isEdited = false;

  function jump(line, column) {
    const lines = text.value.split("\n");
    const start = lines.slice(0, line - 1).reduce((sum, one) => sum + one.length + 1, 0);
    const end = start + (lines[line - 1] || "").length;
    text.focus();
    text.setSelectionRange(Math.min(start + column - 1, end), end);
    text.scrollTop = text.scrollHeight * Math.max(0, line - 4) / lines.length;
    text.scrollIntoView({ block: "nearest" });
  }

  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-line]");
    if (!link) return;
    event.preventDefault();
    jump(Number(link.dataset.line), Number(link.dataset.column));
  });

  async function check() {
    running?.abort();
    running = new AbortController();
    const body = new URLSearchParams(new FormData(form));
    try {
      const answer = await fetch(form.dataset.check, {
        method: "POST", body, headers: { "X-Fragment": "1" }, signal: running.signal,
      });
      if (!answer.ok || !answer.headers.get("X-Fragment")) return;
      const parsed = new DOMParser().parseFromString(await answer.text(), "text/html").body.firstElementChild;
      document.getElementById("faults").replaceWith(parsed);
      text.toggleAttribute("aria-invalid", Boolean(parsed.querySelector(".bad")));
    } catch { /* a newer check runs, or the desk cannot be reached; the button Check says so */ }
  }

  text.addEventListener("input", () => {
    isEdited = true;
    clearTimeout(timer);
    timer = setTimeout(check, WAIT_MS);
  });
  document.addEventListener("selectionchange", () => {
    if (document.activeElement !== text) return;
    const before = text.value.slice(0, text.selectionStart);
    const line = before.split("\n").length;
    place.textContent = `Line ${line + Number(text.dataset.first)}, column ${text.selectionStart - before.lastIndexOf("\n")}`;
  });
  form.addEventListener("submit", () => { isEdited = false; });
  window.addEventListener("beforeunload", (event) => { if (isEdited) event.preventDefault(); });
})();

// ← and → turn the page of a day, while nothing has the focus: what has it keeps its own keys, and a screen reader that
// reads with the arrows never hands them on to the page.
(() => {
  document.addEventListener("keydown", (event) => {
    const rel = {ArrowLeft: "prev", ArrowRight: "next"}[event.key];
    if (!rel || event.ctrlKey || event.altKey || event.metaKey || event.shiftKey || event.defaultPrevented) return;
    if (event.target !== document.body && event.target.id !== "main") return;
    const link = document.querySelector(`#page .day-steps a[rel=${rel}]`) || document.querySelector(`.day-steps a[rel=${rel}]`);
    if (link) window.location.assign(link.href);
  });
})();

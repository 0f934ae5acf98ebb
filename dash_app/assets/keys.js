// `?` shows the list of keys, the footer's link too. The list is a native dialog: Escape closes it.
(() => {
  const list = () => document.querySelector("#page dialog.keys") || document.querySelector("dialog.keys");
  const isTyping = (target) => target.matches?.("input:not([type=range]), textarea, select, [contenteditable]");
  const toggle = () => (list()?.open ? list().close() : list()?.showModal());

  document.addEventListener("keydown", (event) => {
    if (event.key !== "?" || event.ctrlKey || event.altKey || event.metaKey || isTyping(event.target)) return;
    event.preventDefault();
    toggle();
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest?.("[data-close]")) list()?.close();
    if (!event.target.closest?.("[data-keys]")) return;
    event.preventDefault();
    toggle();
  });
})();

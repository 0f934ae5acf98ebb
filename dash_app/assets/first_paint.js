// The page is readable as the server wrote it. Dash gets its layout from the same document (no second request) and, as
// soon as it has built the page, takes the place of what was there: same boxes, same scroll, same focus.
(() => {
  const told = document.getElementById("pdp-layout");
  const first = document.getElementById("first-paint");
  const entry = document.getElementById("react-entry-point");
  if (!told || !first || !entry) return;

  const fetched = window.fetch.bind(window);
  window.fetch = (address, options) =>
    String(address).endsWith("/_dash-layout")
      ? Promise.resolve(new Response(told.textContent, {headers: {"Content-Type": "application/json"}}))
      : fetched(address, options);

  const STOPS = "a[href], button, input:not([type=hidden]), select, textarea, summary, main, [tabindex]";
  const stops = (root) => [...root.querySelectorAll(STOPS)];

  function swap() {
    const page = entry.querySelector("#page");
    if (!page) return;
    watch.disconnect();
    const before = stops(first), after = stops(page), at = before.indexOf(document.activeElement);
    before.forEach((stop, index) => {
      const twin = after[index];
      if (!twin || twin.tagName !== stop.tagName) return;
      if (stop.tagName === "SUMMARY") twin.parentElement.open = stop.parentElement.open;
      if (stop.tagName === "INPUT") twin.value = stop.value;
    });
    const [left, top] = [window.scrollX, window.scrollY];
    first.remove();
    if (at >= 0 && after[at]) after[at].focus({preventScroll: true});
    window.scrollTo(left, top);
    document.dispatchEvent(new Event("pdp:live"));
  }

  const watch = new MutationObserver(swap);
  watch.observe(entry, {childList: true, subtree: true});
})();

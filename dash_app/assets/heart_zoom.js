// The zoom of heart rate. Its links work without this script; with it, a stretch is fetched and drawn in place, by link,
// by dragging across the chart or with the back button, and the address always names what is shown. All that depends on
// the data is said by the server (dash_app/heart_zoom.py).
(() => {
  function start() {
    const section = document.querySelector("#page .zoom");
    const told = section?.querySelector(".zoom-told");
    if (!told) return;
    const table = section.querySelector(".zoom-table");
    const links = [...section.querySelectorAll("[data-zoom]")];
    // Asked anew each time: Dash puts the chart there when its script has come.
    const graph = () => section.querySelector("#heart-zoom .js-plotly-plot");
    let running = null;
    let drawn = null; // figure of the last answer

    // Fetch the stretch of an address of this page and show it. Only the newest wish counts.
    async function show(address, isNew) {
      const asked = new URL(address, location.href);
      running?.abort();
      const mine = (running = new AbortController());
      const query = new URLSearchParams(asked.search);
      const isOpen = table.querySelector("details")?.open;
      if (isOpen) query.set("table", "1");
      section.setAttribute("aria-busy", "true");
      try {
        const answer = await fetch(`${told.dataset.url}?${query}`, {signal: mine.signal});
        const found = await answer.json();
        if (!answer.ok) throw new Error(found.error);
        // Other data than the page shows: signed out meanwhile, or a run has ended.
        if (found.version !== told.dataset.version) return void location.assign(asked);
        draw(found);
        if (found.table) fill(found.table);
        else table.dataset.stale = "";
        if (isNew) history.pushState(null, "", found.address);
        follow(found.params);
      } catch (error) {
        if (error.name === "AbortError") return;
        told.textContent = `This stretch could not be fetched; the chart shows what it showed before. ${error.message}`;
        if (drawn) Plotly.react(graph(), drawn.data, drawn.layout);
        else undrag();
      } finally {
        if (running === mine) section.removeAttribute("aria-busy");
      }
    }

    function draw(found) {
      drawn = found.figure;
      quiet(drawn.layout);
      Plotly.react(graph(), drawn.data, drawn.layout);
      told.innerHTML = found.told;
      for (const link of links) {
        link.href = found.links[link.dataset.zoom];
        if (link.dataset.zoom === found.length) link.setAttribute("aria-current", "true");
        else link.removeAttribute("aria-current");
      }
    }

    function fill(markup) {
      const isOpen = table.querySelector("details")?.open;
      table.innerHTML = markup;
      delete table.dataset.stale;
      table.querySelector("details").open = isOpen;
      listen();
    }

    // The table of what is shown is fetched when it is opened.
    const listen = () =>
      table.querySelector("details")?.addEventListener("toggle", (event) => {
        if (event.target.open && "stale" in table.dataset) show(location.href, false);
      });

    // All other links and forms of the page keep the stretch: theme, range of days.
    function follow(params) {
      for (const link of document.querySelectorAll("#page a[href]")) {
        const to = new URL(link.href);
        if (link.dataset.zoom || to.pathname !== location.pathname || to.origin !== location.origin || !to.search) continue;
        for (const [name, value] of Object.entries(params)) to.searchParams.set(name, value);
        link.href = to.pathname + to.search + to.hash;
      }
      for (const form of document.querySelectorAll("#page form[method=get]")) {
        if (new URL(form.action).pathname !== location.pathname) continue;
        for (const [name, value] of Object.entries(params)) {
          const field = form.elements[name] || form.appendChild(document.createElement("input"));
          Object.assign(field, {type: "hidden", name, value});
        }
      }
    }

    // A finger on the chart scrolls the page; it has the links.
    const quiet = (layout) => {
      if (matchMedia("(pointer: coarse)").matches) layout.dragmode = false;
    };
    let first = null; // range of the axis as the page came
    const undrag = () => Plotly.relayout(graph(), {"xaxis.range": first});

    function dragged(change) {
      const [from, to] = [change["xaxis.range[0]"], change["xaxis.range[1]"]];
      if (from === undefined || to === undefined) return;
      const asked = new URL(location.href);
      asked.searchParams.set("zoom_from", String(from).replace(" ", "T").slice(0, 19));
      asked.searchParams.set("zoom_to", String(to).replace(" ", "T").slice(0, 19));
      show(asked, true);
    }

    section.addEventListener("click", (event) => {
      const link = event.target.closest("[data-zoom]");
      if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
      event.preventDefault();
      show(link.href, true);
    });
    window.addEventListener("popstate", () => show(location.href, false));
    listen();

    const watch = new MutationObserver(attach);
    function attach() {
      const chart = graph();
      if (!chart?.on || !chart._fullLayout?.xaxis?.range) return;
      watch.disconnect();
      first = [...chart._fullLayout.xaxis.range];
      chart.on("plotly_relayout", dragged);
      chart.on("plotly_doubleclick", () => show(links.find((link) => link.dataset.zoom === "out").href, true));
      if (matchMedia("(pointer: coarse)").matches) Plotly.relayout(chart, {dragmode: false});
    }
    watch.observe(section, {childList: true, subtree: true, attributes: true});
    attach();
  }

  document.addEventListener("pdp:live", start);
})();

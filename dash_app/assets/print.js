// Charts are drawn for the window's width and in the theme's colours. For paper they are drawn narrower where they are
// wide, scaled as a whole into the room that there is, and in the light theme's colours; afterwards they are as before.
(() => {
  const PAPER_PX = 675; // A4 less its margins and a card's own
  const drawings = () => [...document.querySelectorAll(".js-plotly-plot")].filter((plot) => plot._fullLayout);
  const layers = (plot) => plot.querySelectorAll(".svg-container > svg.main-svg");
  const dressed = new Map();
  const narrowed = new Set();

  function tokens(selector) {
    const rules = [...document.styleSheets].flatMap((sheet) => [...sheet.cssRules]);
    const {style} = rules.find((rule) => rule.selectorText === selector && rule.style.getPropertyValue("--ground"));
    return new Map([...style].map((name) => [name, style.getPropertyValue(name).trim()]));
  }
  const rgb = (hex) => `rgb(${[1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16)).join(", ")})`;

  function inLight(plots) {
    if (document.documentElement.dataset.theme !== "dark") return;
    const [light, dark] = [tokens(":root"), tokens(':root[data-theme="dark"]')];
    const twin = new Map();
    for (const [name, colour] of dark) if (colour.startsWith("#") && !twin.has(rgb(colour))) twin.set(rgb(colour), rgb(light.get(name)));
    for (const each of plots.flatMap((plot) => [...plot.querySelectorAll("svg [style]")])) {
      const before = each.getAttribute("style");
      const after = before.replace(/rgb\([^)]*\)/g, (colour) => twin.get(colour) ?? colour);
      if (after !== before) dressed.set(each, before), each.setAttribute("style", after);
    }
  }

  addEventListener("beforeprint", () => {
    const plots = drawings();
    for (const plot of plots) {
      if (plot._fullLayout.width <= PAPER_PX) continue;
      narrowed.add(plot);
      Plotly.relayout(plot, {width: PAPER_PX, autosize: false});
    }
    inLight(plots);
    for (const plot of plots) {
      const {width, height} = plot._fullLayout;
      plot.querySelector(".svg-container").style.setProperty("--drawn", `${width} / ${height}`);
      for (const svg of layers(plot)) svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    }
  });
  addEventListener("afterprint", () => {
    for (const [each, style] of dressed) each.setAttribute("style", style);
    dressed.clear();
    for (const plot of drawings()) {
      plot.querySelector(".svg-container").style.removeProperty("--drawn");
      for (const svg of layers(plot)) svg.removeAttribute("viewBox");
      if (narrowed.delete(plot)) Plotly.relayout(plot, {width: null, autosize: true});
    }
  });
})();

// One crosshair for all charts of a page. The server wrote what each day's readout says (dash_app/crosshair.py); here only
// the day is chosen, always one with data, by mouse, finger or the slider. Where a day lies on a chart is asked of plotly.
(() => {
  function start() {
    const readout = document.querySelector("#page [data-readout]");
    const slider = document.querySelector("#page #day-slider");
    if (!readout || !slider) return;
    const told = JSON.parse(readout.dataset.readout);
    const link = readout.querySelector("a.day");
    const values = [...readout.querySelectorAll(".measure b")];
    const charts = [...document.querySelectorAll("#page .crosshair[data-rings]")].map(chartOf);
    let at = Number(slider.value);
    let pinned = false;

    function chartOf(layer) {
      const line = layer.appendChild(document.createElement("i"));
      line.className = "line";
      const rings = JSON.parse(layer.dataset.rings).map((ring) => {
        const mark = layer.appendChild(document.createElement("i"));
        mark.className = "ring";
        return {...ring, mark};
      });
      return {box: layer.parentElement, line, rings};
    }

    const layoutOf = (chart) => chart.box.querySelector(".js-plotly-plot")?._fullLayout;

    function draw(chart) {
      const layout = layoutOf(chart);
      if (!layout?.xaxis?.d2p) return;
      const x = layout.xaxis._offset + layout.xaxis.d2p(told.days[at]);
      const size = layout._size;
      chart.line.style.transform = `translateX(${x}px)`;
      chart.line.style.top = `${size.t}px`;
      chart.line.style.height = `${size.h}px`;
      chart.line.hidden = x < size.l - 1 || x > size.l + size.w + 1;
      for (const {axis, values: heights, mark} of chart.rings) {
        const y = layout[axis.replace("y", "yaxis")];
        const height = heights[at] === null || !y ? NaN : y._offset + y.d2p(heights[at]);
        mark.hidden = chart.line.hidden || !(height >= y?._offset && height <= y._offset + y._length);
        if (!mark.hidden) mark.style.transform = `translate(${x}px, ${height}px)`;
      }
    }

    function show(day) {
      at = day;
      link.textContent = told.labels[at];
      link.href = told.dayPage.replace("{day}", told.days[at]);
      const words = told.texts.map((texts) => texts[at] ?? told.missing);
      values.forEach((value, index) => {
        value.textContent = words[index];
        value.classList.toggle("missing", told.texts[index][at] === null);
      });
      slider.value = at;
      slider.style.setProperty("--part", told.days.length > 1 ? at / (told.days.length - 1) : 1);
      slider.setAttribute("aria-valuetext", [told.labels[at], ...words.map((word, index) => `${told.names[index]} ${word}`)].join("; "));
      charts.forEach(draw);
    }

    // The nearest day with data from `day` on towards `step`, else the nearest the other way.
    function towards(day, step) {
      for (const way of [step, -step])
        for (let to = day; to >= 0 && to < told.days.length; to += way) if (told.hasData[to]) return to;
      return at;
    }

    // The day with data whose place is nearest to x (px from the chart's left edge).
    function nearest(chart, x) {
      const axis = layoutOf(chart)?.xaxis;
      if (!axis?.d2p) return at;
      let best = at, least = Infinity;
      told.days.forEach((day, index) => {
        if (!told.hasData[index]) return;
        const away = Math.abs(axis._offset + axis.d2p(day) - x);
        if (away < least) [best, least] = [index, away];
      });
      return best;
    }

    function follow(chart, event) {
      if (pinned && event.pointerType === "mouse") return;
      show(nearest(chart, event.clientX - chart.box.getBoundingClientRect().left));
    }

    for (const chart of charts) {
      chart.box.addEventListener("pointermove", (event) => follow(chart, event));
      chart.box.addEventListener("pointerdown", (event) => {
        if (event.pointerType === "mouse") pinned = false;
        follow(chart, event);
      });
      // A click holds the day, so that the mouse can go up to its link; another click takes the next one.
      chart.box.addEventListener("click", (event) => {
        pinned = event.pointerType === "mouse";
        slider.focus({preventScroll: true});
      });
    }
    slider.addEventListener("input", () => {
      pinned = false;
      const to = Number(slider.value);
      show(towards(to, to >= at ? 1 : -1));
    });
    slider.addEventListener("keydown", (event) => {
      const step = {PageUp: told.step, PageDown: -told.step}[event.key];
      if (step) {
        event.preventDefault();
        show(towards(Math.min(Math.max(at + step, 0), told.days.length - 1), Math.sign(step)));
      } else if (event.key === "Enter") {
        window.location.assign(link.href);
      } else if (event.key === "Escape") {
        pinned = false;
      }
    });

    // The thumb stands below its day: the slider spans the days' centres plus its own radius at either end.
    function align() {
      const chart = charts.find((each) => layoutOf(each)?.xaxis?.d2p);
      if (!chart) return;
      const axis = layoutOf(chart).xaxis, thumb = 9;
      const left = axis._offset + axis.d2p(told.days[0]);
      const right = axis._offset + axis.d2p(told.days[told.days.length - 1]);
      slider.style.marginLeft = `${left - thumb}px`;
      slider.style.width = `${right - left + 2 * thumb}px`;
    }

    const redraw = () => {
      align();
      charts.forEach(draw);
    };
    const drawn = new MutationObserver(redraw);
    for (const chart of charts) {
      const graph = chart.box.querySelector("[role=img]");
      drawn.observe(graph, {childList: true, subtree: true});
      new ResizeObserver(redraw).observe(chart.box);
    }
    show(at);
    redraw();
  }

  document.addEventListener("pdp:live", start);
})();

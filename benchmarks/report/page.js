"use strict";
// Draws the curves. Names come from users: they enter the page as text only.
(() => {
  const data = JSON.parse(document.getElementById("curves-data").textContent);
  const here = document.getElementById("curves-here");
  const state = { axis: data.axes[0], logX: false, distance: false, start: false, hidden: new Set() };
  const MARGIN = { left: 58, right: 14, top: 10, bottom: 40 };

  function html(name, attributes, parent, text) {
    return add(document.createElement(name), attributes, parent, text);
  }
  function svg(name, attributes, parent, text) {
    return add(document.createElementNS("http://www.w3.org/2000/svg", name), attributes, parent, text);
  }
  function add(element, attributes, parent, text) {
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    if (text !== undefined) element.textContent = text;
    if (parent) parent.append(element);
    return element;
  }
  function swatch(contender, parent) {
    const box = svg("svg", { class: `key k${contender.colour}`, viewBox: "0 0 22 8", "aria-hidden": "true" }, parent);
    svg("line", { x1: 0, y1: 4, x2: 22, y2: 4, "stroke-dasharray": contender.dash }, box);
  }
  function shown(value) {
    const size = Math.abs(value);
    if (value && (size >= 1e6 || size < 1e-4)) return value.toExponential(2);
    return String(Number(value.toPrecision(4)));
  }

  // An axis from values to 0 and 1, and where its numbers are.
  function scale(low, high, log, most) {
    if (log) {
      const [a, b] = [Math.log10(low), Math.log10(high)];
      const ticks = [];
      const decades = b - a;
      for (let e = Math.floor(a); e <= Math.ceil(b); e++)
        for (const k of decades > 4 ? [1] : decades > 1.5 ? [1, 3] : [1, 2, 3, 5, 7]) {
          const tick = Number((k * 10 ** e).toPrecision(3));
          if (tick >= low * 0.999 && tick <= high * 1.001) ticks.push(tick);
        }
      return { at: (v) => (Math.log10(v) - a) / (b - a || 1), back: (t) => 10 ** (a + t * (b - a)), ticks };
    }
    const rough = (high - low) / most || 1;
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = power * [1, 2, 5, 10].find((k) => k * power >= rough * 0.999);
    const ticks = [];
    for (let i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9; i++)
      ticks.push(Number((i * step).toPrecision(10)));
    return { at: (v) => (v - low) / (high - low || 1), back: (t) => low + t * (high - low), ticks };
  }

  // The values as they are drawn: themselves, or how far they are from the best known.
  function prepared(problem) {
    const lines = (problem.lines[state.axis] || []).filter((line) => !state.logX || line.x.some((x) => x > 0));
    const far = state.distance && problem.best !== null;
    const value = (v) => (v === null ? null : far ? Math.abs(v - problem.best) : v);
    return {
      far,
      all: lines,
      visible: lines
        .filter((line) => !state.hidden.has(line.c))
        .map((line) => ({ c: line.c, x: line.x, m: line.m.map(value), l: line.l.map(value), h: line.h.map(value), raw: line })),
    };
  }

  function domains(problem, held) {
    const xs = held.all.flatMap((line) => line.x).filter((x) => x !== null && (!state.logX || x > 0));
    const [left, right] = [Math.min(...xs), Math.max(...xs)];
    const from = state.start ? left : left + (right - left) * 0.1;
    let ys = held.visible.flatMap((line) => {
      let first = line.x.findIndex((x) => x >= from);
      if (first < 0) first = line.x.length - 1;
      return [line.m, line.l, line.h].flatMap((values) => values.slice(first));
    });
    ys = ys.filter((y) => y !== null && (!held.far || y > 0));
    if (problem.best !== null && !held.far) {
      // The best known is shown where that costs no more than half of the picture.
      const [a, b] = [Math.min(...ys), Math.max(...ys)];
      if (Math.max(b, problem.best) - Math.min(a, problem.best) < 2 * (b - a)) ys.push(problem.best);
    }
    let [low, high] = ys.length ? [Math.min(...ys), Math.max(...ys)] : [held.far ? 0.1 : 0, 1];
    if (held.far) [low, high] = [low / 1.3, high * 1.3];
    else {
      const room = (high - low) * 0.06 || Math.abs(high) * 0.05 || 0.5;
      [low, high] = [low - room, high + room];
    }
    return { x: [left, right], y: [low, high] };
  }

  function steps(points) {
    return points.map(([x, y], i) => (i ? `H${x}V${y}` : `M${x},${y}`)).join("");
  }
  function back(points) {
    return points.map(([x, y], i) => (i ? `V${y}H${x}` : `L${x},${y}`)).join("");
  }
  // Runs of points at which all of the values are there.
  function runs(line, keys, x, y) {
    const found = [[]];
    line.x.forEach((at, i) => {
      const values = keys.map((key) => line[key][i]);
      if (at === null || (state.logX && at <= 0) || values.some((v) => v === null)) found.push([]);
      else found[found.length - 1].push([x(at), ...values.map(y)]);
    });
    return found.filter((run) => run.length);
  }

  function draw(problem, chart) {
    const width = Math.max(chart.clientWidth, 240);
    const height = Math.round(Math.min(Math.max(width * 0.5, 230), 430));
    const held = prepared(problem);
    chart.querySelectorAll(":scope > svg, :scope > .empty").forEach((old) => old.remove());
    if (!held.all.length) return void html("p", { class: "empty reading" }, chart, `No curves over ${state.axis}.`);
    const domain = domains(problem, held);
    const across = scale(...domain.x, state.logX, width / 90);
    const up = scale(...domain.y, held.far, height / 50);
    const [w, h] = [width - MARGIN.left - MARGIN.right, height - MARGIN.top - MARGIN.bottom];
    const round = (v) => Math.round(v * 10) / 10;
    const x = (v) => round(MARGIN.left + across.at(v) * w);
    const y = (v) => round(MARGIN.top + (1 - up.at(held.far ? Math.max(v, domain.y[0]) : v)) * h);
    const ends = held.visible.map((line) => `${data.contenders[line.c].name} ends at ${shown(line.raw.m[line.raw.m.length - 1] ?? NaN)}`);
    const root = svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", tabindex: 0 });
    chart.prepend(root);
    const caption = chart.querySelector("figcaption");
    chart.prepend(caption);
    const measured = held.far ? `${problem.metric}, distance to the best known` : `${problem.metric}, ${problem.way} is better`;
    caption.textContent = data.problems.length === 1 ? measured : `${problem.name}: ${measured}`;
    root.setAttribute("aria-label", `Best ${problem.metric} on ${problem.name} by ${state.axis}: ${ends.join(", ")}.`);
    const id = `clip-${data.problems.indexOf(problem)}`;
    svg("rect", { x: MARGIN.left, y: MARGIN.top, width: w, height: h }, svg("clipPath", { id }, root));
    let last = -99;
    for (const tick of across.ticks) {
      const at = x(tick);
      svg("line", { class: "grid", x1: at, x2: at, y1: MARGIN.top + h, y2: MARGIN.top + h + 5 }, root);
      if (at - last < 34) continue;
      last = at;
      svg("text", { x: at, y: MARGIN.top + h + 19, "text-anchor": "middle" }, root, shown(tick));
    }
    for (const tick of up.ticks) {
      svg("line", { class: "grid", x1: MARGIN.left, x2: width - MARGIN.right, y1: y(tick), y2: y(tick) }, root);
      svg("text", { x: MARGIN.left - 8, y: y(tick) + 4, "text-anchor": "end" }, root, shown(tick));
    }
    svg("text", { x: width - MARGIN.right, y: height - 5, "text-anchor": "end" }, root, state.axis);
    if (problem.best !== null && !held.far && problem.best >= domain.y[0] && problem.best <= domain.y[1]) {
      svg("line", { class: "known", x1: MARGIN.left, x2: width - MARGIN.right, y1: y(problem.best), y2: y(problem.best) }, root);
      svg("text", { x: width - MARGIN.right, y: y(problem.best) + (problem.way === "lower" ? 14 : -6), "text-anchor": "end" }, root, "best known");
    }
    const inside = svg("g", { "clip-path": `url(#${id})` }, root);
    for (const line of held.visible) {
      const colour = `k${data.contenders[line.c].colour}`;
      const band = runs(line, ["l", "h"], x, y)
        .map((run) => steps(run.map(([a, , high]) => [a, high])) + back(run.map(([a, low]) => [a, low]).reverse()) + "Z");
      if (band.length) svg("path", { class: `band ${colour}`, d: band.join("") }, inside);
    }
    for (const line of held.visible) {
      const contender = data.contenders[line.c];
      const path = runs(line, ["m"], x, y).map(steps).join("");
      if (path) svg("path", { class: `line k${contender.colour}`, d: path, "stroke-dasharray": contender.dash }, inside);
    }
    point(problem, chart, root, held, { x, y, across, domain, width, w, h });
  }

  // What is under the pointer, or under the arrow keys.
  function point(problem, chart, root, held, frame) {
    const tip = chart.querySelector(".tip");
    const over = svg("g", {}, root);
    let at = 0.5;
    function show(share) {
      at = Math.min(Math.max(share, 0), 1);
      const budget = frame.across.back(at);
      const found = held.visible
        .map((line) => ({ line, i: line.x.findLastIndex((v) => v !== null && v <= budget * (1 + 1e-9)) }))
        .filter(({ line, i }) => i >= 0 && line.m[i] !== null)
        .map(({ line, i }) => ({ c: line.c, value: line.m[i], raw: line.raw.m[i], low: line.raw.l[i], high: line.raw.h[i] }));
      over.replaceChildren();
      tip.replaceChildren();
      tip.hidden = !found.length;
      const px = MARGIN.left + at * frame.w;
      svg("line", { class: "cross", x1: px, x2: px, y1: MARGIN.top, y2: MARGIN.top + frame.h }, over);
      const rounded = state.axis === "seconds" ? shown(budget) : Math.floor(budget + 1e-9);
      html("div", {}, tip, `${rounded} ${state.axis}`);
      found.sort((a, b) => a.value - b.value);
      if (found.length && problem.best !== null && Math.abs(found[0].raw - problem.best) > Math.abs(found[found.length - 1].raw - problem.best)) found.reverse();
      for (const each of found) {
        const contender = data.contenders[each.c];
        const py = frame.y(each.value);
        if (py >= MARGIN.top && py <= MARGIN.top + frame.h) svg("circle", { class: `point k${contender.colour}`, cx: px, cy: py, r: 4 }, over);
      }
      for (const each of found.slice(0, 10)) {
        const row = html("div", {}, tip);
        swatch(data.contenders[each.c], row);
        html("span", { class: "name" }, row, data.contenders[each.c].name);
        html("b", {}, row, shown(each.raw));
        if (each.low !== null && each.high !== null) html("span", {}, row, `${shown(each.low)} to ${shown(each.high)}`);
      }
      if (found.length > 10) html("div", {}, tip, `and ${found.length - 10} more`);
      const right = at < 0.5;
      tip.style.left = right ? `${(100 * (px + 12)) / frame.width}%` : "auto";
      tip.style.right = right ? "auto" : `${(100 * (frame.width - px + 12)) / frame.width}%`;
    }
    function hide() {
      over.replaceChildren();
      tip.hidden = true;
    }
    root.addEventListener("pointermove", (event) => {
      const box = root.getBoundingClientRect();
      show((((event.clientX - box.left) * frame.width) / box.width - MARGIN.left) / frame.w);
    });
    root.addEventListener("pointerdown", (event) => root.dispatchEvent(new PointerEvent("pointermove", event)));
    root.addEventListener("pointerleave", hide);
    root.addEventListener("blur", hide);
    root.addEventListener("keydown", (event) => {
      const move = { ArrowLeft: -0.02, ArrowRight: 0.02 }[event.key];
      if (event.key === "Escape") hide();
      if (!move) return;
      event.preventDefault();
      show(at + move);
    });
  }

  function controls(redraw) {
    const box = html("div", { class: "controls" }, here);
    const group = html("div", { class: "axes", role: "group", "aria-label": "Budget" }, box);
    html("span", {}, group, "over");
    for (const axis of data.axes) {
      const button = html("button", { type: "button", "aria-pressed": axis === state.axis }, group, axis);
      button.addEventListener("click", () => {
        state.axis = axis;
        for (const other of group.querySelectorAll("button")) other.setAttribute("aria-pressed", other === button);
        redraw();
      });
    }
    const boxes = [["logX", "log budget"], ["start", "show the start"]];
    if (data.problems.some((problem) => problem.best !== null)) boxes.push(["distance", "log distance to the best known"]);
    for (const [name, words] of boxes) {
      const label = html("label", {}, box);
      const tick = html("input", { type: "checkbox", name }, label);
      label.append(words);
      tick.addEventListener("change", () => {
        state[name] = tick.checked;
        redraw();
      });
    }
    const names = html("div", { class: "names", role: "group", "aria-label": "Show or hide a contender" }, here);
    data.contenders.forEach((contender, i) => {
      const button = html("button", { type: "button", "aria-pressed": "true" }, names);
      swatch(contender, button);
      html("span", {}, button, contender.name);
      button.addEventListener("click", () => {
        if (!state.hidden.delete(i)) state.hidden.add(i);
        button.setAttribute("aria-pressed", !state.hidden.has(i));
        redraw();
      });
    });
  }

  if (!data.axes.length) return;
  const charts = [];
  const redraw = () => charts.forEach(([problem, chart]) => draw(problem, chart));
  controls(redraw);
  const grid = html("div", { class: data.problems.length === 1 ? "charts one" : "charts" }, here);
  for (const problem of data.problems) {
    const chart = html("figure", { class: "chart" }, grid);
    html("figcaption", {}, chart);
    html("div", { class: "tip", hidden: "" }, chart);
    charts.push([problem, chart]);
  }
  let width = 0;
  new ResizeObserver(() => {
    if (grid.clientWidth !== width) redraw();
    width = grid.clientWidth;
  }).observe(grid);
})();

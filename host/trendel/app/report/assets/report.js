"use strict";
(() => {
  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();
  const coarse = matchMedia("(pointer: coarse)").matches;
  const SIDE = { L: ["left", "L", "solid"], R: ["right", "R", "dash"], B: ["both", "info", "solid"] };
  const { axis, course, alerts, waves, errors } = DATA;

  function fade(colour, share) {
    const n = parseInt(colour.slice(1), 16);
    return `rgba(${n >> 16},${(n >> 8) & 255},${n & 255},${share})`;
  }

  // A band as stretches, since filled areas join over gaps.
  function bands(x, low, high, colour) {
    const found = [];
    let xs = [], lo = [], hi = [];
    const end = () => {
      if (xs.length > 1) {
        found.push({ x: xs.concat([...xs].reverse()), y: hi.concat([...lo].reverse()), fill: "toself", mode: "none",
          fillcolor: fade(colour, 0.2), hoverinfo: "skip", showlegend: false });
      }
      xs = []; lo = []; hi = [];
    };
    x.forEach((v, k) => {
      if (low[k] === null || high[k] === null) end();
      else { xs.push(v); lo.push(low[k]); hi.push(high[k]); }
    });
    end();
    return found;
  }

  function line(name, x, y, colour, dash, extra) {
    return { x, y, name, mode: "lines", line: { color: colour, width: 2, dash }, connectgaps: false, ...extra };
  }

  function layout(more) {
    const shared = { color: css("soft"), gridcolor: css("line"), zerolinecolor: css("grey"), automargin: true };
    return { margin: { l: 44, r: 8, t: 6, b: 34 }, paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
      font: { color: css("ink"), size: 12, family: "system-ui, sans-serif" }, hovermode: "x unified",
      hoverlabel: { bgcolor: css("card"), bordercolor: css("line"), font: { color: css("ink") } },
      legend: { orientation: "h", x: 0, y: 1.16, bgcolor: "rgba(0,0,0,0)" },
      modebar: { bgcolor: "rgba(0,0,0,0)", color: css("grey"), activecolor: css("ink") }, dragmode: coarse ? false : "zoom",
      ...more, xaxis: { ...shared, ...more.xaxis }, yaxis: { ...shared, ...more.yaxis } };
  }

  function overRun(metric, drawBand) {
    const traces = [];
    for (const [side, rows] of Object.entries(metric.sides)) {
      const [name, colour, dash] = SIDE[side];
      const [low, high] = drawBand(rows);
      traces.push(...bands(course.x, low, high, css(colour)));
      traces.push(line(name, course.x, rows[0], css(colour), dash, { customdata: course.clock.map((c, k) => [c, rows[3][k]]),
        hovertemplate: `%{y:.${metric.decimals + 1}f} (%{customdata[1]} steps, %{customdata[0]})` }));
    }
    const shapes = axis.breaks.map(([x0, x1]) => ({ type: "rect", xref: "x", yref: "paper", x0, x1, y0: 0, y1: 1, line: { width: 0 },
      fillcolor: fade(css("grey"), 0.25) }));
    for (const [x, , level] of alerts) {
      shapes.push({ type: "line", xref: "x", yref: "paper", x0: x, x1: x, y0: 0, y1: 1,
        line: { color: css(level === "notice" ? "warn" : "bad"), width: 1, dash: "dot" } });
    }
    return [traces, layout({ shapes, showlegend: Object.keys(metric.sides).length > 1,
      xaxis: { range: [0, axis.length], tickvals: axis.ticks.map((t) => t[0]), ticktext: axis.ticks.map((t) => t[1]),
        hoverformat: " ", title: { text: axis.unit, standoff: 2 } } })];
  }

  function wave(signal, kind) {
    const traces = [];
    const put = (part, side, name, colour, dash) => {
      const rows = signal.parts[part][side];
      if (!rows) return;
      const [mean, sd, n] = rows;
      const at = (sign) => mean.map((m, k) => (m === null || sd[k] === null ? null : m + sign * sd[k]));
      traces.push(...bands(waves.phase, at(-1), at(1), colour));
      traces.push(line(`${name} (${n})`, waves.phase, mean, colour, dash, { hovertemplate: "%{y:.2f}" }));
    };
    if (kind === "sides") {
      for (const side of ["L", "R"]) put("all", side, SIDE[side][0], css(SIDE[side][1]), SIDE[side][2]);
    } else {
      put("first", kind, "first", css("grey"), "dot");
      put("last", kind, "last", css(SIDE[kind][1]), "solid");
    }
    return [traces, layout({ xaxis: { title: { text: "% of the stride", standoff: 2 }, range: [0, 100] } })];
  }

  function figure(key) {
    const [kind, id, part] = key.split(":");
    if (kind === "wave") return wave(waves.signals.find((s) => s.id === id), part);
    const metric = course.metrics.find((m) => m.id === id);
    if (kind === "course") return overRun(metric, (rows) => [rows[1], rows[2]]);
    const [rmse, limits] = errors[id];
    const scaled = (rows, f) => rows[0].map((v) => (v === null ? null : f(v)));
    return overRun(metric, (rows) => limits
      ? [scaled(rows, (v) => v / (1 + limits)), scaled(rows, (v) => v / (1 - limits))]
      : [scaled(rows, (v) => v - rmse), scaled(rows, (v) => v + rmse)]);
  }

  // A page of paper is laid out after this: the width of its columns is known, not measured.
  let printing = false;
  function draw(div) {
    const [traces, shape] = figure(div.dataset.plot);
    shape.autosize = !printing;
    if (printing) Object.assign(shape, { width: div.closest(".three") ? 198 : 300, height: 210 });
    if (printing) shape.legend.font = { size: 9 };
    Plotly.react(div, traces, shape, { responsive: true, displaylogo: false, displayModeBar: div.dataset.plot.startsWith("wave") ? false : coarse ? true : "hover",
      modeBarButtons: [["zoomIn2d", "zoomOut2d", "resetScale2d", "toImage"]] });
    div.dataset.drawn = "1";
  }

  const plots = [...document.querySelectorAll(".plot")];
  const seen = new IntersectionObserver((entries) => {
    for (const entry of entries) if (entry.isIntersecting) { seen.unobserve(entry.target); draw(entry.target); }
  }, { rootMargin: "400px" });
  plots.forEach((div) => seen.observe(div));
  const again = () => plots.filter((div) => div.dataset.drawn).forEach(draw);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", again);
  // On paper everything is drawn, in the colours of paper.
  const paper = matchMedia("print");
  const begin = () => {
    printing = true;
    document.querySelectorAll("details").forEach((d) => { d.open = true; });
    plots.forEach((div) => { seen.unobserve(div); draw(div); });
  };
  const end = () => { printing = false; again(); };
  paper.addEventListener("change", () => (paper.matches ? begin() : end()));
  addEventListener("beforeprint", begin);
  addEventListener("afterprint", end);
})();

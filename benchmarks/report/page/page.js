"use strict";
// Glue between the data in this page, the table (Tabulator) and the plots (plotly.js).
const DATA = JSON.parse(document.getElementById("data").textContent);
const $ = (id) => document.getElementById(id);
const ROWS = [];
DATA.tables.forEach((table, index) =>
  table.rows.forEach((row) =>
    ROWS.push({ ...row, table: index, task: table.label, family: table.family, metric_name: table.metric }),
  ),
);
const SPIKING = ["snn", "external"];

const energy = (row) => {
  const found = row.energy[$("model").value];
  return found ? found[$("burst").value === "1" && SPIKING.includes(row.kind) ? 1 : 0] : null;
};

function options(select, values, all) {
  const kept = select.value;
  select.replaceChildren(
    ...(all ? [new Option(all, "")] : []),
    ...values.map((v) => new Option(v.text ?? v, v.value ?? v)),
  );
  if ([...select.options].some((o) => o.value === kept)) select.value = kept;
}
const unique = (values) => [...new Set(values)];
const ascending = (values) => unique(values.filter((v) => v !== null)).sort((a, b) => a - b);

function refresh_filters() {
  const family = $("family").value;
  options($("task"), unique(DATA.tables.filter((t) => !family || t.family === family).map((t) => t.label)), "all");
}

const number =
  (digits, unit = 1) =>
  (cell) => {
    const value = cell.getValue();
    return value === null || value === undefined ? "-" : (value / unit).toFixed(digits);
  };
function empty_last(a, b, rowA, rowB, column, direction) {
  const none = (v) => v === null || v === undefined;
  if (none(a) || none(b)) return none(a) && none(b) ? 0 : (none(a) ? 1 : -1) * (direction === "asc" ? 1 : -1);
  return a - b;
}
const column = (title, field, digits, unit, more = {}) => ({
  title,
  field,
  hozAlign: "right",
  sorter: empty_last,
  formatter: number(digits, unit),
  ...more,
});
const COLUMNS = [
  { title: "method", field: "method", frozen: true, minWidth: 110 },
  column("T", "timesteps", 0),
  column("place", "place", 0),
  column("score", "value", 4),
  { title: "metric", field: "metric_name" },
  {
    title: "95 % interval",
    field: "low",
    hozAlign: "right",
    sorter: empty_last,
    formatter: (cell) => {
      const row = cell.getData();
      return row.low === null ? "-" : `${row.low.toFixed(3)} to ${row.high.toFixed(3)}`;
    },
  },
  column("energy (uJ)", "energy_shown", 3, 1e6),
  column("of ANN's", "share", 3),
  column("SynOps (M)", "synops", 3, 1e6),
  column("SynOps graded (M)", "synops_graded", 3, 1e6),
  column("MACs (M)", "macs", 3, 1e6),
  column("firing rate", "firing_rate", 4),
  column("levels", "levels", 0),
  column("burst", "longest_burst", 0),
  column("mean T", "mean_timesteps", 2),
  column("over-fired (%)", "over_fired", 2, 0.01),
  column("convert (s)", "convert_s", 1),
  column("time (s)", "time_s", 1),
  column("samples", "samples", 0),
  { title: "status", field: "status" },
  { title: "reason", field: "reason", minWidth: 120, formatter: "plaintext" },
];

const TASK = { title: "task", field: "task", minWidth: 150 };
COLUMNS.splice(window.innerWidth < 640 ? COLUMNS.length : 1, 0, TASK);

let grid = null;
function energies() {
  const ann = DATA.tables.map((t) => t.rows.find((r) => r.kind === "ann"));
  for (const row of ROWS) {
    row.energy_shown = energy(row);
    const reference = row.ann_energy[$("model").value] ?? (ann[row.table] && energy(ann[row.table]));
    row.share = reference && row.energy_shown !== null ? row.energy_shown / reference : null;
  }
}
function passes(row) {
  const part = $("method").value.trim().toLowerCase();
  return (
    (!$("family").value || row.family === $("family").value) &&
    (!$("task").value || row.task === $("task").value) &&
    (!part || row.method.toLowerCase().includes(part)) &&
    (!$("timesteps").value || row.timesteps === null || String(row.timesteps) === $("timesteps").value)
  );
}
// What is chosen stands in the address, so that a view can be sent: #task=...&method=...
const CHOSEN = ["family", "task", "method", "timesteps", "model", "burst", "plotted"];
function remember() {
  const said = new URLSearchParams(CHOSEN.filter((id) => $(id).value !== PLAIN[id]).map((id) => [id, $(id).value]));
  history.replaceState(null, "", `#${said}`);
}
function recall() {
  const said = new URLSearchParams(location.hash.slice(1));
  for (const id of CHOSEN) {
    $(id).value = said.get(id) ?? PLAIN[id];
    if ($(id).value !== (said.get(id) ?? PLAIN[id])) $(id).value = PLAIN[id];
    if (id === "family") refresh_filters();
  }
  const index = DATA.tables.findIndex((t) => t.label === $("task").value);
  if (index >= 0 && !said.has("plotted")) $("plotted").value = index;
  energies();
  grid.replaceData(ROWS).then(filter);
  if (DATA.tables.length) draw();
}
function filter() {
  remember();
  grid.setFilter(passes);
  $("count").textContent = `${grid.getDataCount("active")} of ${ROWS.length} rows`;
}

function layout(title, x, y, more = {}) {
  const css = getComputedStyle(document.documentElement),
    value = (name) => css.getPropertyValue(name).trim();
  const phone = window.innerWidth < 640;
  const axis = (entry) => ({
    gridcolor: value("--line"),
    zerolinecolor: value("--line"),
    linecolor: value("--line"),
    automargin: true,
    ...entry,
  });
  return {
    title: { text: title, font: { size: phone ? 14 : 16 }, x: 0, xanchor: "left", pad: { l: 12 } },
    paper_bgcolor: value("--paper"),
    plot_bgcolor: value("--paper"),
    font: { color: value("--ink"), size: phone ? 11 : 12 },
    height: phone ? 520 : 460,
    hovermode: "closest",
    margin: { l: 55, r: 15, t: 45, b: 45 },
    showlegend: !more.height,
    xaxis: axis(x),
    yaxis: axis(y),
    legend: phone ? { orientation: "h", y: -0.28, font: { size: 10 } } : { font: { size: 11 } },
    ...more,
  };
}
const CONFIG = {
  responsive: true,
  displaylogo: false,
  displayModeBar: window.innerWidth < 640 ? false : "hover",
  modeBarButtonsToRemove: ["select2d", "lasso2d"],
};
const safe = (text) => String(text).replace(/&/g, "&amp;").replace(/</g, "&lt;");

const style = (method) => DATA.looks[method];
function lines(table, x) {
  const drawn = table.rows.filter((r) => r.value !== null && r.timesteps !== null && x(r) !== null);
  const spiking = (r) => SPIKING.includes(r.kind); // rivals stand last in the legend: there are many
  const shown = [...drawn.filter(spiking), ...drawn.filter((r) => !spiking(r))];
  return unique(shown.map((r) => r.method)).map((method) => {
    const own = shown.filter((r) => r.method === method),
      look = style(method);
    return {
      type: "scatter",
      mode: "lines+markers",
      name: safe(method),
      x: own.map(x),
      y: own.map((r) => r.value),
      error_y: {
        type: "data",
        symmetric: false,
        array: own.map((r) => Math.max(0, r.high - r.value)),
        arrayminus: own.map((r) => Math.max(0, r.value - r.low)),
        thickness: 0.8,
        width: 2,
      },
      line: { color: look.color, dash: look.dash, width: 1.6 },
      marker: { color: look.color, symbol: look.symbol, size: 7 },
      text: own.map((r) => `T = ${r.timesteps}`),
      hovertemplate: "%{text}: %{y:.4f} at %{x:.4g}<extra>%{fullData.name}</extra>",
    };
  });
}
function code(text) {
  const element = document.createElement("code");
  element.textContent = text;
  return element;
}
// Points that no other beats in both: from the cheapest up, each that is better than all before it.
function front(points) {
  const found = [];
  for (const p of [...points].sort((a, b) => a.x - b.x || b.y - a.y))
    if (!found.length || p.y > found[found.length - 1].y) found.push(p);
  return found;
}

function draw() {
  const table = DATA.tables[Number($("plotted").value)];
  const words = table.about.split("`").map((text, k) => (k % 2 ? code(text) : text));
  $("about_task").replaceChildren(...words);
  const ann = table.rows.find((r) => r.kind === "ann" && r.value !== null);
  const times = ascending(table.rows.map((r) => r.timesteps));
  const ink = getComputedStyle(document.documentElement).getPropertyValue("--ink").trim();
  const by_time = lines(table, (r) => r.timesteps);
  if (ann)
    by_time.push({
      type: "scatter",
      mode: "lines",
      name: "ann",
      x: [times[0], times[times.length - 1]],
      y: [ann.value, ann.value],
      line: { color: ink, dash: "dot", width: 1.4 },
    });
  Plotly.react(
    "by_timesteps",
    by_time,
    layout(
      `${table.metric} against timesteps`,
      { title: { text: "timesteps T" }, type: "log", tickvals: times, ticktext: times.map(String) },
      { title: { text: table.metric } },
    ),
    CONFIG,
  );
  const spiking = table.rows.filter((r) => SPIKING.includes(r.kind) && r.value !== null && energy(r) !== null);
  const by_energy = lines({ ...table, rows: spiking }, (r) => energy(r) / 1e6);
  const best = front(spiking.map((r) => ({ x: energy(r) / 1e6, y: r.value })));
  by_energy.push({
    type: "scatter",
    mode: "lines",
    name: "Pareto front",
    x: best.map((p) => p.x),
    y: best.map((p) => p.y),
    line: { color: ink, width: 2.4, shape: "hv" },
    hoverinfo: "skip",
  });
  if (ann && energy(ann) !== null)
    by_energy.push({
      type: "scatter",
      mode: "markers",
      name: "ann",
      x: [energy(ann) / 1e6],
      y: [ann.value],
      marker: { color: ink, symbol: "x", size: 11 },
    });
  Plotly.react(
    "by_energy",
    by_energy,
    layout(
      `${table.metric} against energy${$("burst").value === "1" ? ", a burst counts as one message" : ""}`,
      { type: "log", title: { text: `energy a sample (uJ, ${$("model").value})` } },
      { title: { text: table.metric } },
    ),
    CONFIG,
  );
  const rated = ascending(table.rows.filter((r) => r.rates).map((r) => r.timesteps)),
    before = $("rates_at").value;
  options($("rates_at"), rated);
  if (rated.length && $("rates_at").value !== before)
    $("rates_at").value = rated[Math.floor((rated.length - 1) / 2)];
  const at = table.rows.filter((r) => r.rates && String(r.timesteps) === $("rates_at").value);
  const phone = window.innerWidth < 640;
  Plotly.react(
    "by_site",
    [
      {
        type: "heatmap",
        z: at.map((r) => r.rates.map((v) => (v > 0 ? Math.log10(v) : null))),
        customdata: at.map((r) => r.rates),
        x: table.sites.map((_, k) => k + 1),
        y: at.map((r) => r.method),
        text: at.map(() => table.sites.map(safe)),
        colorscale: "Viridis",
        zmin: -3,
        zmax: 0.5,
        colorbar: {
          title: { text: "rate" },
          tickvals: [-3, -2, -1, 0],
          ticktext: ["0.001", "0.01", "0.1", "1"],
          thickness: phone ? 10 : 18,
        },
        hovertemplate: "%{text}<br>%{y}: %{customdata:.4f} spikes a step<extra></extra>",
      },
    ],
    layout(
      `firing rate by site, T = ${$("rates_at").value || "-"} (blank: silent)`,
      { title: { text: "site, in order of the network" } },
      { type: "category", autorange: "reversed" },
      { height: 160 + 26 * Math.max(4, at.length) },
    ),
    CONFIG,
  );
}

function theme(name) {
  document.documentElement.dataset.theme = name;
  if (grid) draw();
}

options($("family"), unique(DATA.tables.map((t) => t.family)), "all");
options($("timesteps"), ascending(ROWS.map((r) => r.timesteps)), "all");
options($("model"), DATA.models);
options(
  $("plotted"),
  DATA.tables.map((t, k) => ({ text: `${t.family}: ${t.label}`, value: k })),
);
refresh_filters();
const PLAIN = Object.fromEntries(CHOSEN.map((id) => [id, $(id).value]));
energies();
theme(matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
grid = new Tabulator("#table", {
  data: ROWS,
  columns: COLUMNS,
  layout: "fitDataFill",
  height: Math.min(560, window.innerHeight * 0.7),
  placeholder: "no such rows",
  rowFormatter: (row) => {
    const entry = row.getData(),
      element = row.getElement();
    element.classList.toggle("failed", entry.status === "failed");
    element.classList.toggle("first", entry.place === 1);
  },
});
grid.on("tableBuilt", () => {
  // a grid holds groups of rows; the box that scrolls, which a keyboard reaches, stands between the two
  const holder = document.querySelector("#table .tabulator-tableholder");
  holder.setAttribute("role", "rowgroup");
  holder.setAttribute("aria-label", "rows");
  holder.firstElementChild.setAttribute("role", "presentation");
  $("table").removeAttribute("aria-owns");
  $("family").onchange = () => {
    refresh_filters();
    filter();
  };
  $("task").onchange = () => {
    filter();
    const index = DATA.tables.findIndex((t) => t.label === $("task").value);
    if (index >= 0) {
      $("plotted").value = index;
      draw();
    }
  };
  $("method").oninput = $("timesteps").onchange = filter;
  $("model").onchange = $("burst").onchange = () => {
    energies();
    grid.replaceData(ROWS).then(filter);
    draw();
  };
  $("plotted").onchange = () => {
    remember();
    draw();
  };
  $("rates_at").onchange = draw;
  window.onhashchange = () => {
    recall();
    document.getElementById("filters").scrollIntoView();
  };
  $("theme").onclick = () => theme(document.documentElement.dataset.theme === "dark" ? "light" : "dark");
  recall();
  document.body.dataset.ready = "yes";
});

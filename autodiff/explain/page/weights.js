// SPDX-License-Identifier: MIT
// Opened on demand: elements of tensors, and the three factors of every weight of a dense layer.
// Elements of tensors -----------------------------------------------------------------------------------------------------------------
function addPicker(step) {
  const tensor = data.tensors[step.row];
  if (!step.back || !tensor || tensor.adjoint.length <= 24 || step.panel.querySelector(".picker")) return;
  const shape = tensor.shape;
  const inputs = shape.map(extent => element("input", {type: "number", min: data.first, max: data.first + extent - 1, value: data.first}));
  const answer = element("output");
  const tell = () => {
    const at = inputs.map(input => Number(input.value) - data.first);
    if (at.some((k, axis) => !(k >= 0 && k < shape[axis]))) return void (answer.textContent = " outside");
    const flat = at.reduce((sum, k, axis) => sum * shape[axis] + k, 0);
    answer.textContent = " value " + number(real(tensor.value[flat])) + ", derivative " + number(real(tensor.adjoint[flat]));
    for (const e of all(".element", step.panel)) e.open = Number(e.dataset.flat) === flat;
  };
  inputs.forEach(input => input.addEventListener("input", tell));
  const place = step.panel.querySelector(".tensor");
  if (place) place.after(element("p", {className: "picker"}, "element ", ...inputs, answer));
  tell();
  for (const e of all(".element", step.panel)) e.open = false;
}

// Every weight of the dense layers ------------------------------------------------------------------------------------------------------
let layerAt = 0, I = 0, J = 0;
const gradients = [], opened = new Set();
// A gradient is shown from its step on, or when somebody opens it before, except in a quiz.
function showWeights() {
  if (!data.layers.length) return;
  const layer = data.layers[layerAt], k = backAt.get(layer.weightRow);
  const known = arrivedAt(k) || (opened.has(layerAt) && !quizzing());
  byId("drill").classList.toggle("pending", !known);
  byId("weights-later").replaceChildren(derivative(layer.weight) + " " + whenKnown(k), stepLink(k));
}
const delta = (layer, n, j) => flow(real(layer.abar[n * layer.outputs + j]), real(layer.slope[n * layer.outputs + j]));
const input = (layer, n, i) => real(layer.input[n * layer.inputs + i]);
function gradientOf(k) {
  if (gradients[k]) return gradients[k];
  const layer = data.layers[k], g = new Float64Array(layer.inputs * layer.outputs);
  for (let n = 0; n < layer.samples; ++n)
    for (let j = 0; j < layer.outputs; ++j) {
      const d = delta(layer, n, j);
      if (d !== 0) for (let i = 0; i < layer.inputs; ++i) g[i * layer.outputs + j] += d * input(layer, n, i);
    }
  return gradients[k] = g;
}
const weightName = (layer, i, j) => {
  const [a, b] = layer.inputsFirst ? [i, j] : [j, i];
  return layer.weight + "[" + (a + data.first) + ", " + (b + data.first) + "]";
};
const placeName = (name, ...at) => name + "[" + at.map(k => k + data.first).join(", ") + "]";

// The picture of all columns is a mosaic of images if the inputs are an image, else the matrix with i down and j across.
function tiling(layer) {
  const [h, w] = layer.image || [layer.inputs, 1];
  const across = layer.image ? Math.ceil(Math.sqrt(layer.outputs * h / w * 1.6)) : layer.outputs;
  return {h, w, across, gap: layer.image ? 1 : 0};
}
function paint(canvas, width, height, at, scaleTo) {
  const style = getComputedStyle(document.documentElement);
  const colour = name => style.getPropertyValue(name).split(",").map(Number);
  const positive = colour("--positive"), negative = colour("--negative");
  canvas.width = width, canvas.height = height;
  const scale = Math.max(1, Math.min(36, scaleTo / Math.max(width, height)));
  canvas.style.width = Math.min(scaleTo, width * scale) + "px";
  canvas.style.height = Math.min(scaleTo, width * scale) / width * height + "px";
  if (height > width && height * scale > scaleTo) {
    canvas.style.height = scaleTo + "px";
    canvas.style.width = Math.max(24, scaleTo * width / height) + "px";
  }
  const context = canvas.getContext("2d"), image = context.createImageData(width, height);
  for (let y = 0; y < height; ++y)
    for (let x = 0; x < width; ++x) {
      const [shade, mark] = at(x, y), c = shade < 0 ? negative : positive, k = 4 * (y * width + x);
      image.data[k] = mark ? 20 : c[0], image.data[k + 1] = mark ? 20 : c[1], image.data[k + 2] = mark ? 20 : c[2];
      image.data[k + 3] = mark ? 255 : Math.round(255 * Math.min(1, Math.abs(shade)));
    }
  context.putImageData(image, 0, 0);
}
// A small matrix shows its numbers.
function drawCells(layer, shade) {
  const grid = byId("cells"), g = gradientOf(layerAt);
  grid.style.gridTemplateColumns = "repeat(" + (layer.outputs + 1) + ", auto)";
  const cells = [element("span", {}, "i \\ j")];
  for (let j = 0; j < layer.outputs; ++j) cells.push(element("span", {}, String(j + data.first)));
  for (let i = 0; i < layer.inputs; ++i) {
    cells.push(element("span", {}, String(i + data.first)));
    for (let j = 0; j < layer.outputs; ++j) {
      const s = shade(i, j), x = g[i * layer.outputs + j];
      const cell = element("button", {title: derivative(weightName(layer, i, j))}, Number.isFinite(x) ? x.toPrecision(3).replace("-", minus) : number(x));
      cell.style.background = "rgba(var(--" + (s < 0 ? "negative" : "positive") + "), " + Math.abs(s).toFixed(3) * 0.6 + ")";
      cell.setAttribute("aria-pressed", String(i === I && j === J));
      if (j === J) cell.classList.add("neuron");
      cell.addEventListener("click", () => select(layerAt, i, j));
      cells.push(cell);
    }
  }
  grid.replaceChildren(...cells);
  byId("cells-caption").textContent = derivative(layer.weight) + ": i downwards, j to the right; the framed column is the gradient of neuron " + (J + data.first);
}
function drawWeights() {
  const layer = data.layers[layerAt], g = gradientOf(layerAt), t = tiling(layer);
  let most = 0;
  for (const x of g) if (Number.isFinite(x)) most = Math.max(most, Math.abs(x));
  const shade = (i, j) => most ? g[i * layer.outputs + j] / most : 0;
  const small = layer.inputs * layer.outputs <= 120 && layer.outputs <= 12;
  byId("cells").parentElement.hidden = !small;
  byId("overview").parentElement.hidden = byId("column").parentElement.hidden = small;
  if (small) return drawCells(layer, shade);
  const rows = Math.ceil(layer.outputs / t.across);
  paint(byId("overview"), t.across * (t.w + t.gap), rows * (t.h + t.gap), (x, y) => {
    const tx = Math.floor(x / (t.w + t.gap)), ty = Math.floor(y / (t.h + t.gap)), j = ty * t.across + tx;
    const px = x - tx * (t.w + t.gap), py = y - ty * (t.h + t.gap);
    if (j >= layer.outputs) return [0, false];
    if (px >= t.w || py >= t.h) return [0, j === J];
    return [shade(py * t.w + px, j), false];
  }, layer.image ? 460 : 320);
  byId("overview-caption").textContent = derivative(layer.weight) + ", " + (layer.image ? "one image for each neuron j" : "i downwards, j to the right") +
    "; orange is positive, blue negative, strongest " + number(most) + ". Click, or use the arrow keys here.";
  let mostHere = 0;
  for (let i = 0; i < layer.inputs; ++i) mostHere = Math.max(mostHere, Math.abs(g[i * layer.outputs + J]) || 0);
  const across = layer.image ? t.w : layer.inputs > 16 ? Math.ceil(Math.sqrt(layer.inputs)) : 1;
  const down = Math.ceil(layer.inputs / across);
  paint(byId("column"), across, down, (x, y) => {
    const i = y * across + x;
    if (i >= layer.inputs) return [0, false];
    return [mostHere ? g[i * layer.outputs + J] / mostHere : 0, i === I && layer.inputs > 1];
  }, 224);
  byId("column").dataset.across = across;
  byId("column-caption").textContent = "the gradient of neuron " + (J + data.first) + ": column " + (J + data.first) + " over i" +
    (across > 1 ? ", " + down + " by " + across : "") + "; the dark cell is i = " + (I + data.first);
}
const row = (...cells) => element("tr", {}, ...cells.map(cell => element("td", {className: "n"}, cell)));
function productText(a, b) {
  const y = flow(a, b), shown = Number(number(a).replace(minus, "-")) * Number(number(b).replace(minus, "-"));
  const mark = Number.isFinite(shown) && Number.isFinite(y) && number(shown) !== number(y) ? " ~" : "";
  return factor(a) + dot + factor(b) + " = " + number(y) + mark;
}
function tellFactors() {
  const layer = data.layers[layerAt];
  const samples = Array.from({length: layer.samples}, (_, n) => {
    const d = delta(layer, n, J), x = input(layer, n, I);
    return {n, d, x, product: flow(d, x)};
  });
  const total = samples.reduce((sum, s) => sum + s.product, 0);
  const ordered = [...samples].sort((a, b) => Math.abs(b.product) - Math.abs(a.product) || a.n - b.n);
  const s = ordered[0], at = s.n * layer.outputs + J;
  const abar = real(layer.abar[at]), slope = real(layer.slope[at]);
  const a = placeName(layer.a, s.n, J), z = placeName(layer.z, s.n, J), w = weightName(layer, I, J);
  const line = (step, symbol, how, value) => element("tr", {}, element("th", {scope: "row"}, step), element("td", {}, symbol),
    element("td", {}, how), element("td", {className: "n"}, value));
  const link = (text, row) => backAt.has(row) ? element("a", {href: "#" + steps[backAt.get(row)].id}, text) : text;
  const arriving = (of, n, name) => {
    const k = backAt.get(of.aRow), flat = of.inputsFirst ? n * of.outputs + J : -1;
    const opened = k === undefined ? null : steps[k].panel.querySelector(".element[data-flat=\"" + flat + "\"] ul");
    return opened ? opened.cloneNode(true) : link("what arrives at " + name, of.aRow);
  };
  const table = element("table", {className: "factors"}, element("tbody", {},
    line("step 1", derivative(a), arriving(layer, s.n, a), number(abar)),
    layer.activation
      ? line("step 2", "d" + a + "/d" + z, layer.activation + "\u2032 = " + layer.derivative + ", x = " + number(real(layer.zs[at])) + ", y = " + number(real(layer.as[at])), number(slope))
      : line("step 2", "", "no activation follows", "1"),
    ...(layer.activation ? [line("", derivative(z), productText(abar, slope), number(s.d))] : []),
    line("step 3", "d" + z + "/d" + w, placeName(layer.from, s.n, I), number(s.x)),
    line("product", layer.samples > 1 ? "" : derivative(w), productText(s.d, s.x), number(s.product))));
  const parts = [element("h3", {id: "factor-title"}, derivative(w) + " = ", element("b", {className: "result", id: "factor-total"}, number(total)))];
  if (layer.samples > 1) {
    const shown = ordered.slice(0, 5), rest = total - shown.reduce((sum, t) => sum + t.product, 0);
    const list = element("tbody", {}, ...shown.map(t => row(String(t.n + data.first), productText(t.d, t.x))));
    if (layer.samples > 5) list.append(row((layer.samples - 5) + " more", number(rest)));
    list.append(row("sum", number(total)));
    parts.push(element("p", {className: "label"}, "the sum over " + layer.samples + " samples of (step 1 times step 2) times step 3, the largest first:"),
               element("table", {}, list), element("p", {className: "label"}, "sample " + (s.n + data.first) + ":"));
  }
  parts.push(table);
  const path = all(".paths").find(p => p.dataset.of === w);
  if (path) {
    const open = element("button", {}, "its paths");
    open.addEventListener("click", () => { path.open = true; path.scrollIntoView({block: "center"}); });
    parts.push(open);
  }
  byId("factor-table").replaceChildren(...parts);
}
function select(k, i, j, scroll) {
  const layer = data.layers[k], clamp = (x, n) => Math.max(0, Math.min(n - 1, Math.floor(x) || 0));
  layerAt = k, I = clamp(i, layer.inputs), J = clamp(j, layer.outputs);
  all("#tabs button").forEach((tab, at) => tab.setAttribute("aria-pressed", String(at === k)));
  for (const [id, at, n] of [["weight-i", I, layer.inputs], ["weight-j", J, layer.outputs]])
    Object.assign(byId(id), {min: data.first, max: data.first + n - 1, value: at + data.first});
  drawWeights();
  tellFactors();
  if (scroll) opened.add(k);
  showWeights();
  if (scroll) {
    byId("drill").scrollIntoView({block: "start"});
    byId("weight-i").focus({preventScroll: true});
    history.replaceState(null, "", "#" + current().id + "/" + weightName(layer, I, J));
  }
}
function largest(k) {
  const g = gradientOf(k), outputs = data.layers[k].outputs;
  let at = 0;
  g.forEach((x, flat) => { if (Math.abs(x) > Math.abs(g[at])) at = flat; });
  return [Math.floor(at / outputs), at % outputs];
}
function prepareWeights() {
  if (!data.layers.length) return;
  byId("drill").hidden = false;
  data.layers.forEach((layer, k) => {
    const tab = element("button", {}, layer.weight + "  " + (layer.inputsFirst ? layer.inputs + " \u00d7 " + layer.outputs : layer.outputs + " \u00d7 " + layer.inputs));
    tab.addEventListener("click", () => select(k, ...largest(k)));
    byId("tabs").append(tab);
  });
  const fromInputs = () => select(layerAt, Number(byId("weight-i").value) - data.first, Number(byId("weight-j").value) - data.first);
  byId("weight-i").addEventListener("change", fromInputs);
  byId("weight-j").addEventListener("change", fromInputs);
  const cell = (event, canvas) => {
    const box = canvas.getBoundingClientRect();
    return [Math.floor((event.clientX - box.left) / box.width * canvas.width), Math.floor((event.clientY - box.top) / box.height * canvas.height)];
  };
  byId("overview").addEventListener("click", event => {
    const layer = data.layers[layerAt], t = tiling(layer), [x, y] = cell(event, byId("overview"));
    const tx = Math.floor(x / (t.w + t.gap)), ty = Math.floor(y / (t.h + t.gap));
    select(layerAt, Math.min(t.h - 1, y - ty * (t.h + t.gap)) * t.w + Math.min(t.w - 1, x - tx * (t.w + t.gap)), ty * t.across + tx);
  });
  byId("column").addEventListener("click", event => {
    const [x, y] = cell(event, byId("column"));
    select(layerAt, y * Number(byId("column").dataset.across) + x, J);
  });
  for (const id of ["overview", "column"])
    byId(id).addEventListener("keydown", event => {
      const across = id === "column" ? Number(byId("column").dataset.across) : data.layers[layerAt].image ? data.layers[layerAt].image[1] : 1;
      const move = {ArrowUp: [-across, 0], ArrowDown: [across, 0], ArrowLeft: across > 1 ? [-1, 0] : [0, -1], ArrowRight: across > 1 ? [1, 0] : [0, 1]}[event.key];
      if (!move) return;
      event.preventDefault();
      event.stopPropagation();
      select(layerAt, I + move[0], J + move[1]);
    });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawWeights);
  select(0, ...largest(0));
}
// The layer whose weights a step back has reached.
function turnTo(step) {
  const k = data.layers.findIndex(layer => step.back && layer.weightRow === step.row);
  if (k >= 0 && k !== layerAt) select(k, ...largest(k));
}
function drill() {
  if (unanswered(current()).length) return insist();
  const step = current(), k = data.layers.findIndex(layer => [layer.weightRow, layer.zRow, layer.aRow].includes(step.row));
  if (k >= 0) return select(k, ...(k === layerAt ? [I, J] : largest(k)), true);
  const first = step.panel.querySelector(".element");
  if (!first) return say(step.name + " has no elements to open.");
  first.open = true;
  first.querySelector("summary").focus();
}
function leave() {
  if (document.activeElement) document.activeElement.blur();
  window.scrollTo({top: 0});
  show(now);
}

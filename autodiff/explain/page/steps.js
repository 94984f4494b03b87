// SPDX-License-Identifier: MIT
// One step at a time: timeline, graph, caption, quiz, moving on. State is the position and the classes of elements.
const steps = data.steps.map(([id, row, name]) => ({id, row, name, back: id[0] === "R", panel: byId(id)}));
const position = new Map(steps.map((step, k) => [step.id, k]));
const firstBack = steps.findIndex(step => step.back);
let now = 0, timer = 0;
const current = () => steps[now];

const ticks = [];
const timeline = byId("timeline");
for (const [label, back] of [["FORWARD", false], ["BACKWARD", true]]) {
  const row = element("div", {className: back ? "reverse" : "forward"});
  steps.forEach((step, k) => {
    if (step.back !== back) return;
    ticks[k] = element("span", {className: "tick", title: step.id + "  " + step.name});
    if (step.panel.querySelector(".remark.wrong")) ticks[k].classList.add("wrong");
    ticks[k].addEventListener("click", () => show(k));
    row.append(ticks[k]);
  });
  timeline.append(label, row);
}

const nodes = all(".node").map(g => ({
  g, row: Number(g.dataset.row), title: g.querySelector("title"), full: g.querySelector("title").textContent,
  value: g.querySelector(".value"), adjoint: g.querySelector(".adjoint"),
  texts: [g.querySelector(".value").textContent, g.querySelector(".adjoint").textContent]
}));
const edges = all(".edge").map(g => ({g, to: Number(g.dataset.to), title: g.querySelector("title"), full: g.querySelector("title").textContent}));
const forwardAt = new Map(), backAt = new Map();
steps.forEach((step, k) => (step.back ? backAt : forwardAt).set(step.row, k));
const reachedForward = row => now >= (forwardAt.has(row) ? forwardAt.get(row) : firstBack);
const reachedBack = row => backAt.has(row) && now >= backAt.get(row);

function draw() {
  const row = current().row;
  for (const node of nodes) {
    const computed = reachedForward(node.row), arrived = reachedBack(node.row);
    node.value.textContent = computed ? node.texts[0] : dash;
    node.adjoint.textContent = arrived ? node.texts[1] : dash;
    node.title.textContent = arrived ? node.full : node.full.split("\n").slice(0, computed ? 2 : 1).join("\n");
    node.g.classList.toggle("computed", computed && !arrived);
    node.g.classList.toggle("arrived", arrived);
    node.g.classList.toggle("waiting", !computed);
    node.g.classList.toggle("now", node.row === row);
  }
  for (const edge of edges) {
    edge.g.classList.toggle("on", !current().back && edge.to === row);
    edge.g.classList.toggle("flow", current().back && edge.to === row);
    edge.title.textContent = reachedBack(edge.to) ? edge.full : edge.full.split(",")[0];
  }
  const here = nodes.find(node => node.row === row), canvas = document.querySelector(".canvas");
  if (here && canvas) {
    const box = here.g.querySelector("rect");
    canvas.scrollTo({left: Number(box.getAttribute("x")) + 62 - canvas.clientWidth / 2,
                     top: Number(box.getAttribute("y")) + 26 - canvas.clientHeight / 2});
  }
}

function caption() {
  const step = current();
  if (hidden(step)) return "Step " + step.id + ", " + step.name + ": predict the product, then press the right arrow.";
  return step.panel.dataset.caption;
}
function show(k, keepFragment) {
  now = Math.max(0, Math.min(steps.length - 1, k));
  const step = current();
  steps.forEach((other, at) => {
    other.panel.classList.toggle("current", at === now);
    ticks[at].classList.toggle("done", at <= now);
    ticks[at].classList.toggle("now", at === now);
  });
  step.panel.open = true;
  byId("position").textContent = step.id + " of " + (step.back ? steps.length - firstBack : firstBack);
  draw();
  if (body.classList.contains("quiz") && step.back) ask(step);
  addPicker(step);
  byId("caption").textContent = caption();
  if (body.classList.contains("all")) step.panel.scrollIntoView({block: "nearest"});
  if (!keepFragment) history.replaceState(null, "", "#" + step.id);
}

// Quiz ----------------------------------------------------------------------------------------------------------------------------
const hidden = step => body.classList.contains("quiz") && step.back && !step.panel.classList.contains("revealed") &&
  step.panel.querySelector(".product") !== null;
function reveal(step) {
  step.panel.classList.add("revealed");
  byId("caption").textContent = caption();
}
function ask(step) {
  if (step.panel.querySelector(".guess")) return;
  for (const product of all("[data-product]", step.panel)) {
    const input = element("input", {inputMode: "decimal", autocomplete: "off"}), answer = element("output");
    const form = element("form", {className: "guess"}, element("label", {}, "your prediction ", input), " ", element("button", {}, "check"), answer);
    form.addEventListener("submit", event => {
      event.preventDefault();
      const right = Number(product.dataset.product), guess = Number(input.value.replace(minus, "-").replace(",", "."));
      const hit = input.value.trim() !== "" && (guess === right || Math.abs(guess - right) <= 0.01 * Math.abs(right));
      answer.textContent = hit ? "\u2713 right" : "\u2717 it is " + number(right);
      reveal(step);
    });
    product.closest("dd").append(form);
  }
}
function setQuiz(on) {
  body.classList.toggle("quiz", on);
  byId("quiz").setAttribute("aria-pressed", String(on));
  show(now, true);
}

// Moving ----------------------------------------------------------------------------------------------------------------------------
function next() {
  if (hidden(current())) return reveal(current());
  if (now + 1 === steps.length) return pause();
  show(now + 1);
}
const back = () => show(now - 1);
function toLayer(direction) {
  const scope = k => steps[k].panel.dataset.scope + steps[k].back;
  let k = now;
  while (k + direction >= 0 && k + direction < steps.length && scope(k) === scope(now)) k += direction;
  show(k);
}
function pause() {
  clearInterval(timer);
  timer = 0;
  byId("play").textContent = "play";
}
function play() {
  if (timer) return pause();
  timer = setInterval(next, 1400);
  byId("play").textContent = "pause";
}
function symbols() {
  const order = ["", "only-symbols", "only-numbers"], labels = ["symbols + numbers", "symbols", "numbers"];
  const at = (order.findIndex(name => name && body.classList.contains(name)) + 1 || 1) - 1;
  const after = ((at < 0 ? 0 : at) + 1) % 3;
  body.classList.remove("only-symbols", "only-numbers");
  if (order[after]) body.classList.add(order[after]);
  byId("symbols").textContent = labels[after];
}
function fit() {
  byId("fit").setAttribute("aria-pressed", String(body.classList.toggle("fit")));
  draw();
}
function showAll() {
  byId("all").setAttribute("aria-pressed", String(body.classList.toggle("all")));
  show(now, true);
}
function mistake() {
  for (let k = 1; k <= steps.length; ++k) {
    const at = (now + k) % steps.length;
    if (steps[at].panel.querySelector(".remark.wrong")) return show(at);
  }
  byId("caption").textContent = "No manual gradient was compared with this tape, or none is wrong.";
}
function openPaths() {
  const name = current().name;
  const found = all(".paths").find(p => p.dataset.of === name) || all(".paths").find(p => p.dataset.of.startsWith(name + "["));
  if (!found) {
    byId("caption").textContent = "No paths from " + name + " are on this page; options.elements asks for them.";
    return;
  }
  found.open = true;
  found.scrollIntoView({block: "center"});
  found.querySelector("summary").focus({preventScroll: true});
}
function find() {
  const dialog = byId("find"), input = byId("wanted");
  input.value = "";
  dialog.returnValue = "";
  dialog.showModal();
  input.focus();
}
function goTo(text) {
  text = text.trim();
  if (position.has(text.toUpperCase())) return show(position.get(text.toUpperCase()));
  const open = text.match(/^(.*)\[([\d, ]+)\]$/);
  const layer = open ? data.layers.findIndex(l => l.weight === open[1]) : -1;
  if (layer >= 0) {
    const [a, b] = open[2].split(",").map(k => Number(k) - data.first);
    return select(layer, data.layers[layer].inputsFirst ? a : b, data.layers[layer].inputsFirst ? b : a, true);
  }
  const wants = step => step.back === (now >= firstBack);
  const hit = steps.findIndex(step => wants(step) && step.name === text);
  const near = hit >= 0 ? hit : steps.findIndex(step => wants(step) && step.name.toLowerCase().includes(text.toLowerCase()));
  if (text && near >= 0) show(near); else byId("caption").textContent = "There is no step and no variable " + text + ".";
}

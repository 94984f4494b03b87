// SPDX-License-Identifier: MIT
// One step at a time: timeline, graph, moving on. State is the position and the classes of elements.
const steps = data.steps.map(([id, row, name]) => ({id, row, name, back: id[0] === "R", panel: byId(id)}));
const position = new Map(steps.map((step, k) => [step.id, k]));
const firstBack = steps.findIndex(step => step.back);
let now = 0, timer = 0;
const current = () => steps[now];
const say = text => { byId("caption").textContent = text; };

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
  g, row: Number(g.dataset.row), title: g.querySelector("title"), full: g.querySelector("title").textContent.split("\n"),
  value: g.querySelector(".value"), adjoint: g.querySelector(".adjoint"),
  texts: [g.querySelector(".value").textContent, g.querySelector(".adjoint").textContent]
}));
const edges = all(".edge").map(g => ({
  g, to: Number(g.dataset.to), title: g.querySelector("title"), full: g.querySelector("title").textContent.split("\n"),
  numeric: g.classList.contains("numeric"), label: g.querySelector("text"), text: g.querySelector("text").textContent
}));
const forwardAt = new Map(), backAt = new Map();
steps.forEach((step, k) => (step.back ? backAt : forwardAt).set(step.row, k));

// What is known: on paper everything, else what the steps up to this one tell, less what a quiz still asks for.
const paper = matchMedia("print");
const computed = row => paper.matches || now >= (forwardAt.has(row) ? forwardAt.get(row) : firstBack);
const arrivedAt = k => paper.matches || (k === undefined ? now + 1 === steps.length : k < now || (k === now && !adjointIsAsked(steps[k])));
const handedOn = row => arrivedAt(backAt.get(row)) && (backAt.get(row) !== now || !unanswered(current()).length);
const whenKnown = k => dash + (k === undefined ? " not computed yet" : " not computed yet, step ");
const stepLink = k => k === undefined ? "" : element("a", {href: "#" + steps[k].id}, steps[k].id);
const later = all("[data-known]").map(panel => ({panel, k: position.get(panel.dataset.known)}));
for (const {panel, k} of later)
  panel.querySelector("summary").append(element("span", {className: "not-yet"}, whenKnown(k), stepLink(k)));

const graph = document.querySelector(".graph"), canvas = document.querySelector(".canvas");
// As large as it is drawn, somewhat smaller if that makes it fit; the whole graph only as small as it can be read.
function scaleGraph() {
  const natural = graph.viewBox.baseVal.width, room = canvas.clientWidth / natural;
  const scale = body.classList.contains("fit") ? Math.max(0.7, Math.min(1.5, room)) : room < 0.75 ? 1 : Math.min(1, room);
  graph.style.width = Math.floor(natural * scale) + "px";
  return scale;
}
function draw() {
  const row = current().row;
  for (const node of nodes) {
    const value = computed(node.row), adjoint = value && arrivedAt(backAt.get(node.row));
    node.value.textContent = value ? node.texts[0] : dash;
    node.adjoint.textContent = adjoint ? node.texts[1] : dash;
    node.title.textContent = node.full.slice(0, adjoint ? 3 : value ? 2 : 1).join("\n");
    node.g.classList.toggle("computed", value && !adjoint);
    node.g.classList.toggle("arrived", adjoint);
    node.g.classList.toggle("waiting", !value);
    node.g.classList.toggle("now", node.row === row);
  }
  for (const edge of edges) {
    const done = computed(edge.to) && handedOn(edge.to), local = done || (computed(edge.to) && !quizzing());
    edge.g.classList.toggle("on", !current().back && edge.to === row);
    edge.g.classList.toggle("flow", current().back && edge.to === row);
    if (!edge.numeric) continue;
    edge.label.textContent = local ? edge.text : "";
    edge.title.textContent = edge.full.slice(0, done ? 3 : local ? 2 : 1).join("\n");
  }
  for (const {panel, k} of later) panel.classList.toggle("pending", !arrivedAt(k));
  showWeights();
  const here = nodes.find(node => node.row === row);
  if (!graph) return;
  scaleGraph();
  const scale = scaleGraph();  // a scroll bar may have come or gone
  if (!here) return;
  const box = here.g.querySelector("rect");
  canvas.scrollTo({left: (Number(box.getAttribute("x")) + 64) * scale - canvas.clientWidth / 2,
                   top: (Number(box.getAttribute("y")) + 26) * scale - canvas.clientHeight / 2});
}
paper.addEventListener("change", draw);
addEventListener("resize", draw);

function show(k, keepFragment) {
  now = Math.max(0, Math.min(steps.length - 1, k));
  const step = current();
  steps.forEach((other, at) => {
    other.urged = false;
    other.panel.classList.toggle("current", at === now);
    other.panel.classList.toggle("ahead", at > now);
    ticks[at].classList.toggle("done", at <= now);
    ticks[at].classList.toggle("now", at === now);
  });
  step.panel.open = true;
  byId("position").textContent = step.id + " of " + (step.back ? steps.length - firstBack : firstBack);
  if (quizzing()) ask(step);
  draw();
  addPicker(step);
  turnTo(step);
  say(caption());
  if (body.classList.contains("all")) step.panel.scrollIntoView({block: "nearest"});
  if (!keepFragment) history.replaceState(null, "", "#" + step.id);
}

// Moving ----------------------------------------------------------------------------------------------------------------------------
function next() {
  if (unanswered(current()).length) return insist();
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
  timer = setInterval(() => unanswered(current()).length ? pause() : next(), 1400);
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
  say("No manual gradient was compared with this tape, or none is wrong.");
}
// The paths of a value, or of a tensor's elements one after the other.
function openPaths() {
  const name = current().name, places = all(".paths");
  const own = places.filter(p => p.dataset.of === name), found = own.length ? own : places.filter(p => p.dataset.of.startsWith(name + "["));
  if (!found.length) {
    const others = [...new Set(places.map(p => p.dataset.of.replace(/\[[\d, ]*\]$/, "")))];
    return say("There are no paths from " + name + " on this page" + (others.length ? ", but from " + others.join(", ") : "") + ".");
  }
  const at = (found.findIndex(p => p === pathShown) + 1) % found.length;
  showPaths(found, at);
}
let pathShown = null;
const pathChoice = element("div", {className: "choice"});
function showPaths(found, at) {
  pathShown = found[at];
  for (const p of all(".paths")) p.open = p === pathShown;
  const choice = found.map((p, k) => {
    const button = element("button", {}, p.dataset.of);
    button.setAttribute("aria-pressed", String(k === at));
    button.addEventListener("click", () => showPaths(found, k));
    return button;
  });
  const summary = pathShown.querySelector("summary");
  pathChoice.replaceChildren("p leads to the next: ", ...choice);
  if (found.length > 1) summary.after(pathChoice); else pathChoice.remove();
  summary.scrollIntoView({block: "center"});
  summary.focus({preventScroll: true});
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
  if (text && near >= 0) show(near); else say("There is no step and no variable " + text + ".");
}

// SPDX-License-Identifier: MIT
// Keys, buttons and links, and the beginning of it all.
const keys = {
  ArrowRight: event => event.shiftKey ? toLayer(1) : next(), ArrowLeft: event => event.shiftKey ? toLayer(-1) : back(),
  Home: () => show(0), End: () => show(steps.length - 1), f: () => show(0), r: () => show(firstBack), " ": play, g: find, "/": find,
  Enter: drill, Escape: leave, p: openPaths, m: mistake, s: symbols, q: () => setQuiz(!body.classList.contains("quiz")), a: showAll, z: fit,
  "?": () => byId("keys").showModal()
};
document.addEventListener("keydown", event => {
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  const where = event.target.tagName;
  const onward = event.target.closest(".guess") && event.target.value === "" && /^Arrow(Left|Right)$/.test(event.key);
  if (/^(INPUT|TEXTAREA|SELECT)$/.test(where) && event.key !== "Escape" && !onward) return;
  if (/^(BUTTON|A|SUMMARY)$/.test(where) && (event.key === "Enter" || event.key === " ")) return;
  const [question] = unanswered(current());
  if (question && /^[-.0-9]$/.test(event.key)) return question.input.focus({preventScroll: true});  // the digit follows
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (!Object.hasOwn(keys, key)) return;
  event.preventDefault();
  if (key !== " ") pause();
  keys[key](event);
});
for (const [id, action] of Object.entries({
  first: () => show(0), back, next, last: () => show(steps.length - 1), play, symbols, fit, all: showAll, goto: find,
  quiz: () => setQuiz(!body.classList.contains("quiz")), help: () => byId("keys").showModal()
})) byId(id).addEventListener("click", action);
byId("find").addEventListener("close", () => { if (byId("find").returnValue === "go") goTo(byId("wanted").value); });
for (const name of new Set(steps.map(step => step.name))) byId("known").append(element("option", {value: name}));
nodes.forEach(node => node.g.addEventListener("click", () => {
  const at = (now >= firstBack ? backAt : forwardAt).get(node.row);
  if (at !== undefined) show(at);
}));
function follow() {
  const text = decodeURIComponent(location.hash.slice(1)), slash = text.indexOf("/");
  const id = slash < 0 ? text : text.slice(0, slash);
  if (!position.has(id)) return;
  show(position.get(id), true);
  requestAnimationFrame(() => scrollTo({top: 0}));
  if (slash >= 0) goTo(text.slice(slash + 1));
}
addEventListener("hashchange", follow);
addEventListener("load", () => { if (location.hash.indexOf("/") < 0) scrollTo({top: 0}); });
addEventListener("beforeprint", () => all("details").forEach(d => { d.open = true; }));

body.classList.add("live");
if (data.quiz) body.classList.add("quiz"), byId("quiz").setAttribute("aria-pressed", "true");
byId("controls").hidden = timeline.hidden = false;
prepareWeights();
show(0, true);
follow();

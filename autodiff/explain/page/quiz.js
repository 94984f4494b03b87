// SPDX-License-Identifier: MIT
// Quiz: a step back asks for every product that it hands on; at a tensor it asks for a term of one element of the adjoint, and keeps that
// adjoint back. What is asked for is hidden by the class "asking" on what holds it, until it is answered or shown.
const quizzing = () => body.classList.contains("quiz");
const unanswered = step => quizzing() && step.questions ? step.questions.filter(question => !question.answered) : [];
const adjointIsAsked = step => unanswered(step).some(question => question.holder === step.panel);

function ask(step) {
  if (!step.back || step.questions) return;
  step.questions = [];
  for (const product of all(".push [data-product]", step.panel))
    addQuestion(step, product, product.closest(".push"), product.closest("dd"));
  const term = step.panel.querySelector(".element [data-product]");
  if (term) {
    const e = term.closest(".element"), terms = e.querySelectorAll("li").length;
    const place = element("p", {className: "question"}, terms > 1 ? "a term of " : "", derivative(e.dataset.of) + ", from ",
                          ...[...term.childNodes].map(node => node.cloneNode(true)));
    step.panel.querySelector(".incoming").append(place);
    addQuestion(step, term, step.panel, place);
  }
  if (!step.questions.length)
    step.panel.querySelector(".body").append(element("p", {className: "nothing"}, "Quiz: there is nothing to predict at this step."));
}
function addQuestion(step, product, holder, place) {
  const right = numberIn(product.dataset.product), input = element("input", {inputMode: "decimal", autocomplete: "off"});
  const verdict = element("output"), show = element("button", {type: "button"}, "show");
  const form = element("form", {className: "guess"}, element("label", {}, "your prediction ", input), " ",
                       element("button", {}, "check"), " ", show, verdict);
  const question = {holder, input, answered: false, close(text) {
    verdict.textContent = text;
    question.answered = input.readOnly = true;
    step.urged = false;
    holder.classList.remove("asking");
    form.classList.add("answered");
    if (!input.value) input.parentElement.remove();
    const left = unanswered(step);
    if (left.length) left[0].input.focus({preventScroll: true}); else input.blur();
    draw();
    say(caption());
  }};
  form.addEventListener("submit", event => {
    event.preventDefault();
    const text = input.value.trim().replace(minus, "-").replace(",", ".");
    if (question.answered) return;
    if (text === "") return insist();
    const guess = numberIn(text);
    if (Number.isNaN(guess) && text !== "nan") return void (verdict.textContent = "not a number");
    question.close(hits(guess, right) ? "\u2713 right" : "\u2717 it is " + number(right));
  });
  question.show = () => question.close("it is " + number(right));
  show.addEventListener("click", question.show);
  holder.classList.add("asking");
  step.questions.push(question);
  place.append(form);
}
const numberIn = text => /^-?inf$/.test(text) ? text[0] === "-" ? -Infinity : Infinity : Number(text);
// To 1 %, or to three digits.
const hits = (guess, right) => Object.is(guess, right) || guess === right || Math.abs(guess - right) <= 0.01 * Math.abs(right) ||
  Number(guess.toPrecision(3)) === Number(right.toPrecision(3));
// Whoever goes on without an answer is asked first; the second time it is shown.
function insist() {
  const step = current(), left = unanswered(step);
  if (step.urged) return left.forEach(question => question.show());
  step.urged = true;
  left[0].input.focus({preventScroll: true});
  say("Your prediction? Type a number and press Enter. The right arrow, or Enter without a number, shows the answer.");
}
function caption() {
  const step = current(), lines = step.panel.dataset.caption.split("\n");
  if (!unanswered(step).length) return lines.join(" ");
  return lines.slice(0, adjointIsAsked(step) ? 1 : 2).join(" ") + " Predict the product.";
}
function setQuiz(on) {
  body.classList.toggle("quiz", on);
  byId("quiz").setAttribute("aria-pressed", String(on));
  show(now, true);
}

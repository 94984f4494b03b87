// SPDX-License-Identifier: MIT
// The script of a page begins here: its parts are one function. What all of them use, and how a number is written.
const data = JSON.parse(document.getElementById("data").textContent);
const byId = id => document.getElementById(id);
const all = (selector, root = document) => [...root.querySelectorAll(selector)];
const body = document.body, dash = "\u2013", minus = "\u2212", dot = " \u00b7 ";
const element = (tag, properties = {}, ...children) => {
  const e = Object.assign(document.createElement(tag), properties);
  e.append(...children);
  return e;
};
const real = x => typeof x === "string" ? Number(x === "nan" ? NaN : x === "inf" ? Infinity : -Infinity) : x;

// A number with so many significant digits, as the rest of the page writes it; exact halves go to the even neighbour.
function number(x) {
  if (Number.isNaN(x)) return "nan";
  if (!Number.isFinite(x)) return x > 0 ? "inf" : minus + "inf";
  if (x === 0) return Object.is(x, -0) ? minus + "0" : "0";
  const digits = data.digits;
  let text = Math.abs(x).toExponential(digits - 1);
  const exact = Math.abs(x).toExponential(60), mantissa = exact.slice(0, exact.indexOf("e")).replace(".", "");
  if (/^50*$/.test(mantissa.slice(digits)) && Number(mantissa[digits - 1]) % 2 === 0)
    text = mantissa[0] + (digits > 1 ? "." + mantissa.slice(1, digits) : "") + exact.slice(exact.indexOf("e"));
  let [figures, exponent] = text.split("e");
  exponent = Number(exponent);
  figures = figures.replace(".", "");
  if (exponent < -4 || exponent >= digits) {
    const rest = figures.slice(1).replace(/0+$/, "");
    text = figures[0] + (rest ? "." + rest : "") + "e" + (exponent < 0 ? "-" : "+") + String(Math.abs(exponent)).padStart(2, "0");
  } else if (exponent < 0) {
    text = "0." + "0".repeat(-exponent - 1) + figures.replace(/0+$/, "");
  } else {
    const rest = figures.slice(exponent + 1).replace(/0+$/, "");
    text = figures.slice(0, exponent + 1).padEnd(exponent + 1, "0") + (rest ? "." + rest : "");
  }
  return (x < 0 ? minus : "") + text;
}
const factor = x => x < 0 || Object.is(x, -0) ? "(" + number(x) + ")" : number(x);
const flow = (adjoint, by) => adjoint === 0 ? 0 : adjoint * by;
const derivative = of => data.bar ? of + "\u0304" : "d" + data.loss + "/d" + of;

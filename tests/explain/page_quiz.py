# SPDX-License-Identifier: MIT
"""The quiz of a page: what it asks, what it accepts, and that nothing on the page tells the answer before."""
import re
import time

from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from page_browser import Page

# Everything that can be read on the page and in its tooltips, and what is asked: the answer and the factors it is made of.
READ = """
const step = document.querySelector(".step.current");
const asking = e => e.closest(".element") ? step.classList.contains("asking") : e.closest(".asking");
return {
  id: step.id, elements: step.querySelectorAll(".element").length,
  text: [document.body.innerText, ...[...document.querySelectorAll("svg title")].map(title => title.textContent)].join("\\n"),
  asked: [...step.querySelectorAll("[data-product]")].filter(asking).map(e => e.textContent),
  fields: [...step.querySelectorAll(".guess input")].filter(input => input.offsetParent && !input.readOnly).length,
  nothing: [...step.querySelectorAll(".nothing")].filter(note => note.offsetParent).length
};"""
NUMBER = r"-?\d[\d.]*(?:e[-+]\d+)?"


def numbers(text):
    return set(re.findall(NUMBER, text.replace("\u2212", "-")))


class Quiz(Page):
    def walk(self, name):
        """Through all steps back, showing each answer; returns at how many something was asked."""
        self.open(name)
        if self.find("#quiz").get_attribute("aria-pressed") != "true":
            self.press("q")
        self.press("r")
        known, asked_at = set(), 0
        while True:
            seen = self.browser.execute_script(READ)
            self.assertEqual(seen["fields"], len(seen["asked"]), seen["id"])
            self.assertEqual(seen["nothing"], 0 if seen["asked"] else 1, seen["id"])
            self.assertTrue(seen["asked"] or not seen["elements"], seen["id"] + " has elements and asks for none")
            for question in seen["asked"]:
                factors, answer = question.split(": ")[-1].split(" = ")
                told = numbers(answer) - numbers(factors) - known
                self.assertEqual(told & numbers(seen["text"]), set(), name + " " + seen["id"] + " tells the answer")
            known |= numbers(seen["text"])
            if seen["asked"]:
                asked_at += 1
                self.press(Keys.ARROW_RIGHT)
                self.assertEqual(self.browser.execute_script(READ)["asked"], seen["asked"], "the first time it is asked")
                self.press(Keys.ARROW_RIGHT)
                shown = self.browser.execute_script(READ)
                self.assertEqual((shown["id"], shown["asked"]), (seen["id"], []), "the second time it is shown")
                known |= numbers(shown["text"])
            self.press(Keys.ARROW_RIGHT)
            if self.at() == seen["id"]:
                return asked_at

    def test_nothing_tells_an_answer_before_it_is_given(self):
        for name, asked_at in (("formula", 3), ("neurons", 35), ("walkthrough", 13), ("large", 11)):
            with self.subTest(name):
                self.assertEqual(self.walk(name), asked_at)

    def test_the_product_is_shown_on_demand(self):
        self.open("neurons", "#R7")
        answer = self.find("#R7 .push .answer")
        self.assertFalse(answer.is_displayed())
        self.assertFalse(self.find("#R7 .meaning").is_displayed())
        self.assertNotIn(self.expected["neurons"]["R7"], self.text("#caption"))
        self.picture("quiz")
        self.find("#R7 .guess button[type=button]").click()
        self.assertTrue(answer.is_displayed())
        self.assertIn(self.expected["neurons"]["R7"].replace("\u2212", "-"), self.text("#caption"))
        self.press(Keys.ARROW_RIGHT)
        self.assertEqual(self.at(), "R8")
        self.press("q")
        self.assertTrue(self.find("#R8 .push .answer").is_displayed())
        self.assertFalse(self.find("#R8 .guess").is_displayed())

    def test_enter_without_a_number_asks_and_then_shows(self):
        self.open("neurons", "#R7")
        self.press(Keys.ENTER)
        self.assertIn("Your prediction?", self.text("#caption"))
        self.assertFalse(self.find("#R7 .push .answer").is_displayed())
        self.press(Keys.ENTER)
        self.assertTrue(self.find("#R7 .push .answer").is_displayed())

    def test_a_prediction_is_judged(self):
        right = self.expected["neurons"]["R7_value"]
        for guess, verdict in ((f"{right:.3g}", "\u2713 right"), (f"{right * 1.009:.6g}", "\u2713 right"),
                               (f"{-right:.3g}", "\u2717 it is "),
                               (f"{right * 1.02:.6g}", "\u2717 it is " + self.expected["neurons"]["R7"]),
                               ("-", "not a number")):
            self.open("neurons", "#R7")
            self.press(*guess, Keys.ENTER)
            self.assertTrue(self.text("#R7 .guess output").startswith(verdict), guess)
        self.assertFalse(self.find("#R7 .push .answer").is_displayed())

    def test_each_product_is_asked_for_by_itself(self):
        self.open("formula", "#R2")
        self.press("q", ".", "2", "5", Keys.ENTER)
        answers = self.browser.find_elements(By.CSS_SELECTOR, "#R2 .push .answer")
        self.assertEqual([answer.is_displayed() for answer in answers], [True, False])
        self.press("1", Keys.ENTER)
        self.assertEqual([e.text for e in self.browser.find_elements(By.CSS_SELECTOR, "#R2 output")], ["\u2713 right", "\u2717 it is 0.25"])
        self.press(Keys.ARROW_RIGHT)
        self.assertEqual(self.at(), "R3")

    def test_a_link_to_a_weight_does_not_tell_it(self):
        self.open("neurons")
        self.open("walkthrough")
        self.press("q")
        self.browser.execute_script("location.hash = '#R9/W1[1, 2]'")
        self.assertFalse(self.find("#factor-total").is_displayed())

    def test_play_waits_for_an_answer(self):
        self.open("neurons", "#R2")
        self.press(" ")
        time.sleep(1.6)
        self.assertEqual((self.at(), self.text("#play")), ("R2", "play"))

    def test_all_steps_end_where_the_quiz_is(self):
        self.open("neurons", "#R7")
        self.press("a")
        shown = [e.get_attribute("id") for e in self.browser.find_elements(By.CSS_SELECTOR, ".step.reverse") if e.is_displayed()]
        self.assertEqual(shown, [f"R{k}" for k in range(1, 8)])

    def test_paper_tells_everything(self):
        self.open("neurons", "#R7")
        try:
            self.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
            self.assertTrue(self.find("#R7 .push .answer").is_displayed())
            self.assertNotEqual(self.text("#n1 .adjoint"), "\u2013")
            self.assertTrue(self.find(".weight .factors").is_displayed())
        finally:
            self.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})

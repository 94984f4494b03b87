# SPDX-License-Identifier: MIT
"""Pages in a real browser, with what the console and the network say: steps and drill-down; more in page_quiz.py and page_looks.py.

    page_in_browser.py --maker <page_maker> --driver <chromedriver> --browser <chromium> [--pictures <folder>]
"""
import subprocess
import sys
import unittest
from urllib.parse import quote

from selenium.webdriver import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

sys.dont_write_bytecode = True  # beside the sources

from page_browser import MINUS, Page, folder, options, unittest_arguments
from page_looks import Looks, WithoutJavaScript
from page_quiz import Quiz


class Steps(Page):
    # Stepping ------------------------------------------------------------------------------------------------------------------------

    def test_arrows_lead_forward_and_then_backward(self):
        self.open("walkthrough")
        seen = [self.at()]
        for _ in range(27):
            self.press(Keys.ARROW_RIGHT)
            seen.append(self.at())
        self.assertEqual(seen, [f"F{k}" for k in range(1, 15)] + [f"R{k}" for k in range(1, 15)])
        self.press(Keys.ARROW_RIGHT)
        self.assertEqual(self.at(), "R14", "there is nothing after the last step")
        self.press(Keys.ARROW_LEFT, Keys.ARROW_LEFT)
        self.assertEqual(self.at(), "R12")
        self.picture("walkthrough")

    def test_other_keys_jump(self):
        self.open("walkthrough")
        for key, where in ((Keys.END, "R14"), (Keys.HOME, "F1"), ("r", "R1"), ("f", "F1")):
            self.press(key)
            self.assertEqual(self.at(), where)
        self.press("r")
        ActionChains(self.browser).key_down(Keys.SHIFT).send_keys(Keys.ARROW_RIGHT).key_up(Keys.SHIFT).perform()
        self.assertEqual(self.at(), "R5", "the first step of layer 2 on the way back")

    def test_one_step_is_shown_and_announced(self):
        self.open("walkthrough", "#R8")
        shown = [e.get_attribute("id") for e in self.browser.find_elements(By.CSS_SELECTOR, ".step") if e.is_displayed()]
        self.assertEqual(shown, ["R8"])
        self.assertIn("Step R8, a1 = sigmoid(z1)", self.text("#caption"))
        self.assertEqual(self.find("#caption").get_attribute("aria-live"), "polite")

    def test_nothing_is_shown_before_it_is_computed(self):
        self.open("walkthrough", "#F6")
        value = lambda row, what: self.text(f"#n{row} .{what}")
        self.assertEqual([value(7, "value"), value(7, "adjoint"), value(14, "value")], ["\u2013"] * 3)
        self.assertNotEqual(value(6, "value"), "\u2013")
        self.press("r")
        self.assertEqual(value(14, "adjoint"), "1")
        self.assertEqual(value(1, "adjoint"), "\u2013")
        self.press(Keys.END)
        self.assertNotEqual(value(1, "adjoint"), "\u2013")

    def test_local_derivatives_and_gradients_appear_when_they_are_computed(self):
        self.open("formula")
        labels = lambda: [e.text for e in self.browser.find_elements(By.CSS_SELECTOR, ".edge text")]
        panels = lambda: [e.get_attribute("data-of") for e in self.browser.find_elements(By.CSS_SELECTOR, ".weight:not(.pending)")]
        self.assertEqual((labels(), panels()), (["", "", "", "", ""], []))
        self.assertEqual(self.find(".weight").text, "w \u2013 not computed yet, step R6")
        self.assertEqual(self.text("#n6 title"), "L = sigmoid")
        self.press("r")
        self.assertEqual((labels(), panels()), (["2", "0.5", "1", "1", "0.25"], []))
        self.assertEqual(self.text("#n6 title"), "L = sigmoid\nvalue 0.5\nadjoint 1")
        self.press(Keys.END, Keys.ARROW_LEFT)
        self.assertEqual(panels(), ["a"])
        self.find(".weight.pending a").click()
        self.assertEqual((self.at(), panels()), ("R6", ["w", "a"]))

    def test_every_weight_is_shown_when_the_sweep_has_reached_it_or_on_demand(self):
        self.open("walkthrough", "#R8")
        total = self.find("#factor-total")
        self.assertFalse(total.is_displayed())
        self.assertEqual(self.find("#weights-later").text, "dL/dW1 \u2013 not computed yet, step R14")
        self.press(Keys.ENTER)
        self.assertTrue(self.find("#factor-total").is_displayed())
        self.open("walkthrough", "#R9")
        self.go_to("W2")
        self.assertTrue(self.find("#factor-title").is_displayed())
        self.assertTrue(self.text("#factor-title").startswith("dL/dW2["))

    def test_a_matrix_step_tells_the_norms_that_are_known(self):
        self.open("walkthrough", "#R7")
        push = self.find("#R7 .push").text
        for part in ("norm 0.182241 shape [1, 3]", "norm 0.182241 part 1 of 1: complete"):
            self.assertIn(part, push.replace("\n", " "))

    def test_the_fragment_follows_and_leads(self):
        self.open("walkthrough", "#R9")
        self.assertEqual(self.at(), "R9")
        self.press(Keys.ARROW_RIGHT)
        self.assertTrue(self.browser.current_url.endswith("#R10"))
        self.open("walkthrough", "#R9/" + quote("W1[1, 2]"))
        self.assertEqual(self.at(), "R9")
        self.assertEqual(self.text("#factor-total"), MINUS + "0.0072675")

    def test_go_to_finds_steps_and_variables(self):
        self.open("walkthrough")
        for wanted, where in (("r7", "R7"), ("W2", "R12"), ("F3", "F3"), ("z2", "F9")):
            self.go_to(wanted)
            self.assertEqual(self.at(), where)
        self.go_to("nowhere")
        self.assertIn("no step and no variable nowhere", self.text("#caption"))

    def test_play_goes_on_by_itself(self):
        self.open("walkthrough")
        self.press(" ")
        self.assertEqual(self.text("#play"), "pause")
        self.press(" ")
        self.assertEqual(self.text("#play"), "play")

    def test_symbols_and_numbers_can_be_hidden(self):
        self.open("neurons", "#R7")
        symbol, number = self.find("#R7 .incoming .formula math"), self.find("#R7 .incoming .num")
        self.press("s")
        self.assertEqual((symbol.is_displayed(), number.is_displayed()), (True, False))
        self.press("s")
        self.assertEqual((self.find("#R7 .push .sym").is_displayed(), number.is_displayed()), (False, True))
        self.press("s")
        self.assertEqual((symbol.is_displayed(), number.is_displayed()), (True, True))

    def test_help_lists_the_keys_and_all_steps_can_be_seen(self):
        self.open("walkthrough")
        self.press("?")
        self.assertTrue(self.find("#keys").is_displayed())
        self.press(Keys.ESCAPE)
        self.assertFalse(self.find("#keys").is_displayed())
        self.press("a")
        self.assertTrue(all(e.is_displayed() for e in self.browser.find_elements(By.CSS_SELECTOR, ".step")))

    # Drill-down ------------------------------------------------------------------------------------------------------------------------

    def test_every_weight_of_the_walkthrough_is_the_tapes(self):
        self.check_weights("walkthrough")

    def test_every_weight_to_twelve_digits(self):
        self.check_weights("digits12")

    def test_weights_of_a_batch_are_sums_over_samples(self):
        self.check_weights("batch", close_enough=True)
        self.assertIn("the sum over 32 samples", self.text("#factor-table"))
        self.picture("batch")

    def test_weights_of_a_large_layer(self):
        self.check_weights("large")
        self.picture("large")

    def test_numbers_are_written_as_the_library_writes_them(self):
        self.check_weights("numbers")

    def test_three_factors_multiply(self):
        self.open("walkthrough")
        self.drill("W1", 0, 1)
        table = self.text("#factor-table")
        for part in (MINUS + "0.0631682", "0.2301", "0.5", MINUS + "0.0072675", "sigmoid\u2032 = y (1 - y)"):
            self.assertIn(part, table)

    def test_enter_opens_what_the_step_is_about(self):
        self.open("walkthrough", "#R12")
        self.press(Keys.ENTER)
        self.assertTrue(self.text("#factor-title").startswith("dL/dW2["))
        self.press(Keys.ESCAPE)
        self.assertEqual(self.at(), "R12")
        self.open("neurons", "#R7")
        self.press("p")
        self.assertEqual(self.text("#caption"), "There are no paths from a2[1] on this page, but from W1, W2, b1, b2.")
        self.open("neurons", "#R52")
        self.press("p")
        self.assertTrue(self.find(".paths[open]").get_attribute("data-of").startswith("W1[0, 0]"))

    def test_paths_lead_from_one_element_to_the_next(self):
        self.open("walkthrough", "#R14")
        shown = []
        for _ in range(7):
            self.press("p")
            shown += [e.get_attribute("data-of") for e in self.browser.find_elements(By.CSS_SELECTOR, ".paths[open]")]
        self.assertEqual(len(set(shown)), 6, shown)
        self.assertEqual(shown[0], shown[6])
        self.find(".choice button:last-child").click()
        self.assertEqual(self.find(".paths[open]").get_attribute("data-of"), "W1[2, 3]")

    def test_any_element_of_a_tensor_opens(self):
        self.open("batch", "#R9")
        inputs = self.browser.find_elements(By.CSS_SELECTOR, ".step.current .picker input")
        if not inputs:
            self.press("r")
            self.go_to("hidden.weight")
            inputs = self.browser.find_elements(By.CSS_SELECTOR, ".step.current .picker input")
        self.assertEqual(len(inputs), 2)
        i, j, shown, _ = self.expected["batch"]["hidden.weight"][5]
        for element, k in zip(inputs, (i, j)):
            self.browser.execute_script("arguments[0].value = arguments[1]; arguments[0].dispatchEvent(new Event('input'))", element, k)
        self.assertTrue(self.text(".step.current .picker output").endswith("derivative " + shown))

    # Names ---------------------------------------------------------------------------------------------------------------

    def test_a_name_cannot_run_a_script(self):
        self.open("hostile")
        for _ in range(16):
            self.press(Keys.ARROW_RIGHT)
        self.press("p", Keys.ENTER)
        self.go_to("<")
        self.assertEqual(self.browser.title, "still here")
        self.assertEqual(self.browser.find_elements(By.CSS_SELECTOR, "img"), [])


if __name__ == "__main__":
    subprocess.run([options.maker, folder.name], check=True)
    unittest.main(argv=[sys.argv[0]] + unittest_arguments, verbosity=2)

# SPDX-License-Identifier: MIT
"""Pages in a real browser: keys, drill-down, quiz, what the console and the network say, and that they are readable without scripts.

    page_in_browser.py --maker <page_maker> --driver <chromedriver> --browser <chromium> [--pictures <folder>]
"""
import argparse
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest
from urllib.parse import quote

from selenium import webdriver
from selenium.webdriver import ActionChains
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

arguments = argparse.ArgumentParser()
for option in ("--maker", "--driver", "--browser"):
    arguments.add_argument(option, required=True)
arguments.add_argument("--pictures")
options, unittest_arguments = arguments.parse_known_args()
folder = tempfile.TemporaryDirectory()
pages = pathlib.Path(folder.name)
MINUS = "\u2212"


def start(javascript=True):
    chrome = Options()
    chrome.binary_location = options.browser
    for flag in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--window-size=1400,1000",
                 "--disable-component-update", "--disable-background-networking"):
        chrome.add_argument(flag)
    chrome.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    if not javascript:
        chrome.add_experimental_option("prefs", {"profile.managed_default_content_settings.javascript": 2})
    return webdriver.Chrome(service=Service(options.driver), options=chrome)


class Page(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.expected = json.loads((pages / "expected.json").read_text(encoding="utf-8"))
        cls.browser = start()

    @classmethod
    def tearDownClass(cls):
        cls.browser.quit()

    def open(self, name, fragment=""):
        self.browser.get("about:blank")
        self.browser.get_log("browser"), self.browser.get_log("performance")
        self.url = (pages / (name + ".html")).as_uri()
        self.browser.get(self.url + fragment)

    def tearDown(self):
        self.assertEqual(self.browser.get_log("browser"), [], "the console says something")
        for entry in self.browser.get_log("performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                url = message["params"]["request"]["url"]
                self.assertTrue(url.startswith(self.url) or url.startswith("data:") or url == "about:blank", "a request to " + url)

    def press(self, *keys):
        for key in keys:
            ActionChains(self.browser).send_keys(key).perform()

    def find(self, selector):
        return self.browser.find_element(By.CSS_SELECTOR, selector)

    def text(self, selector):
        return self.find(selector).get_attribute("textContent")

    def at(self):
        return self.text("#position").split()[0]

    def go_to(self, wanted):
        """Through the dialog, which closes a moment after Enter."""
        self.press("g", wanted, Keys.ENTER)
        WebDriverWait(self.browser, 10).until(lambda _: not self.find("#find").is_displayed())
        self.browser.execute_async_script("const done = arguments[0]; setTimeout(done, 50)")

    def picture(self, name):
        if options.pictures:
            self.browser.save_screenshot(str(pathlib.Path(options.pictures) / (name + ".png")))

    def drill(self, weight, i, j):
        """The total that the page shows for a weight of the layer whose tab has that name."""
        self.browser.execute_script(
            "const [name, i, j] = arguments;"
            "[...document.querySelectorAll('#tabs button')].find(tab => tab.textContent.startsWith(name + ' ')).click();"
            "for (const [id, k] of [['weight-i', i], ['weight-j', j]]) {"
            "  const input = document.getElementById(id); input.value = Number(input.min) + k; input.dispatchEvent(new Event('change')); }",
            weight, i, j)
        return self.text("#factor-total")

    def check_weights(self, name, close_enough=False):
        self.open(name)
        for weight, list_ in self.expected[name].items():
            for i, j, shown, value in list_:
                got = self.drill(weight, i, j)
                if close_enough:  # a sum over samples in another order: rounding may differ
                    self.assertAlmostEqual(float(got.replace(MINUS, "-")), value, delta=5.1e-6 * abs(value))
                else:
                    self.assertEqual(got, shown, f"{weight} {i} {j}")

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
        self.assertIn("options.elements", self.text("#caption"))
        self.open("neurons", "#R52")
        self.press("p")
        self.assertTrue(self.find(".paths[open]").get_attribute("data-of").startswith("W1[0, 0]"))

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

    # Quiz --------------------------------------------------------------------------------------------------------------------------------

    def test_a_quiz_hides_the_product_until_it_is_asked_for(self):
        self.open("neurons", "#R7")
        product = self.find("#R7 .product")
        self.assertFalse(product.is_displayed())
        self.assertNotIn(self.expected["neurons"]["R7"], self.text("#caption"))
        self.picture("quiz")
        self.press(Keys.ARROW_RIGHT)
        self.assertEqual(self.at(), "R7")
        self.assertTrue(product.is_displayed())
        self.press(Keys.ARROW_RIGHT)
        self.assertEqual(self.at(), "R8")
        self.press("q")
        self.assertTrue(self.find("#R8 .product").is_displayed())

    def test_a_prediction_is_judged(self):
        self.open("neurons", "#R7")
        guess = self.find("#R7 .guess input")
        guess.send_keys(str(round(self.expected["neurons"]["R7_value"], 6)), Keys.ENTER)
        self.assertEqual(self.text("#R7 .guess output"), "\u2713 right")
        self.open("neurons", "#R9")
        self.find("#R9 .guess input").send_keys("7", Keys.ENTER)
        self.assertTrue(self.text("#R9 .guess output").startswith("\u2717 it is "))

    # Appearance ------------------------------------------------------------------------------------------------------------------------

    def test_dark_mode_and_print(self):
        self.open("walkthrough", "#R8")
        background = lambda: self.browser.execute_script("return getComputedStyle(document.body).backgroundColor")
        light = background()
        try:
            self.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": "dark"}]})
            self.assertNotEqual(background(), light)
            self.picture("dark")
            self.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
            self.assertFalse(self.find("#controls").is_displayed())
            self.assertTrue(all(e.is_displayed() for e in self.browser.find_elements(By.CSS_SELECTOR, ".step .body")))
        finally:
            self.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "", "features": []})

    def test_a_name_cannot_run_a_script(self):
        self.open("hostile")
        for _ in range(16):
            self.press(Keys.ARROW_RIGHT)
        self.press("p", Keys.ENTER)
        self.go_to("<")
        self.assertEqual(self.browser.title, "still here")
        self.assertEqual(self.browser.find_elements(By.CSS_SELECTOR, "img"), [])


class WithoutJavaScript(unittest.TestCase):
    def test_everything_is_readable(self):
        browser = start(javascript=False)
        try:
            browser.get((pages / "walkthrough.html").as_uri())
            steps = browser.find_elements(By.CSS_SELECTOR, ".step .body")
            self.assertEqual(len(steps), 28)
            self.assertTrue(all(step.is_displayed() for step in steps))
            self.assertIn(MINUS + "0.0631682", browser.find_element(By.CSS_SELECTOR, "#R8").text)
            self.assertTrue(browser.find_element(By.CSS_SELECTOR, ".weight .factors").is_displayed())
            for hidden in ("#controls", "#timeline", "#drill"):
                self.assertFalse(browser.find_element(By.CSS_SELECTOR, hidden).is_displayed())
        finally:
            browser.quit()


if __name__ == "__main__":
    subprocess.run([options.maker, folder.name], check=True)
    unittest.main(argv=[sys.argv[0]] + unittest_arguments, verbosity=2)

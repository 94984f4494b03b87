# SPDX-License-Identifier: MIT
"""What the tests of pages have in common: a browser, its log, the keyboard, and what stands where."""
import argparse
import json
import pathlib
import tempfile
import unittest

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

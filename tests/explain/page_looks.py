# SPDX-License-Identifier: MIT
"""How a page looks: that it fits into its window, that nothing covers anything else, in the dark, on paper, and without scripts."""
import unittest

from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from page_browser import MINUS, Page, pages, start

PAGES = ("formula", "walkthrough", "deep", "names", "batch", "large", "neurons")

# Labels of arrows, and what they may not cover: other labels, and nodes.
COVERED = """
const box = e => e.getBoundingClientRect(), inner = (a, b) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1 &&
  Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 2;
const labels = [...document.querySelectorAll(".edge:not(.on, .flow) text")].filter(text => text.textContent && box(text).width > 0);
const nodes = [...document.querySelectorAll(".node rect")];
return labels.flatMap((label, k) => [...labels.slice(0, k), ...nodes].filter(other => inner(box(label), box(other)))
  .map(other => label.textContent + " and " + (other.textContent || other.parentNode.id)));"""
# Texts that are wider than what holds them.
WIDER = """
const wider = [...document.querySelectorAll(".node")].filter(node => [...node.querySelectorAll("text")].some(text =>
  text.getBoundingClientRect().width > node.querySelector("rect").getBoundingClientRect().width)).map(node => node.id);
const steps = document.getElementById("steps"), card = document.querySelector(".step.current").getBoundingClientRect();
const cut = [...document.querySelectorAll(".step.current *")].filter(e =>
  !e.closest(".tensor .matrix") && e.getBoundingClientRect().right > card.right);
return [...wider, ...cut.map(e => e.tagName + " " + e.className), ...(steps.scrollWidth > steps.clientWidth ? ["#steps"] : [])];"""


class Looks(Page):
    def window(self, width, height):
        self.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride",
                                     {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False})
        self.addCleanup(self.browser.execute_cdp_cmd, "Emulation.clearDeviceMetricsOverride", {})

    def test_a_small_graph_is_seen_as_a_whole(self):
        self.window(1280, 900)
        self.open("formula")
        canvas = self.find(".canvas")
        self.assertLessEqual(int(canvas.get_property("scrollWidth")), int(canvas.get_property("clientWidth")))
        self.picture("formula")

    def test_the_three_factors_need_no_scrolling(self):
        self.window(1280, 900)
        for name in ("walkthrough", "deep", "batch", "large"):
            self.open(name)
            self.press(Keys.END)
            panel = self.find("#factors")
            self.assertLessEqual(int(panel.get_property("scrollWidth")), int(panel.get_property("clientWidth")), name)

    def test_nothing_in_a_step_or_a_node_is_cut(self):
        self.window(1280, 900)
        for name in ("formula", "walkthrough", "deep", "names"):
            self.open(name)
            for _ in range(2 * 20):
                self.assertEqual(self.browser.execute_script(WIDER), [], name + " " + self.at())
                self.press(Keys.ARROW_RIGHT)
        self.assertEqual(self.text("#n1 .name"), "a_very_long_na\u2026")
        self.assertTrue(self.text("#n1 title").startswith("a_very_long_name_of_a_weight = variable"))
        self.picture("names")

    def test_a_narrow_window_scrolls_only_downwards(self):
        self.window(390, 844)
        for name in PAGES:
            for fragment in ("", "#R4"):
                self.open(name, fragment)
                self.browser.execute_script("scrollTo(50, 0)")
                wider, at = self.browser.execute_script("return [document.documentElement.scrollWidth > innerWidth, scrollX]")
                self.assertEqual((wider, at), (False, 0), name)
                card, graph = (self.find(selector).rect["y"] for selector in (".step.current", ".canvas"))
                self.assertLess(card, graph, name)
                self.assertLess(card, 500, name)
        self.picture("narrow")

    def test_the_whole_graph_can_be_read(self):
        self.window(1280, 900)
        self.open("deep")
        self.press("z", Keys.END)
        self.assertEqual(self.find("#fit").get_attribute("aria-pressed"), "true")
        self.assertGreater(self.find(".node .name").rect["height"], 8)
        self.assertGreater(self.find(".graph").rect["height"], 100)
        self.picture("whole_graph")

    def test_no_label_covers_another(self):
        for name in PAGES:
            self.open(name)
            self.press(Keys.END)
            for _ in range(2):
                self.assertEqual(self.browser.execute_script(COVERED), [], name)
                self.press("z")

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

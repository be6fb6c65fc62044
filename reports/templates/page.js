// SPDX-License-Identifier: MIT
// What the page has on top of its words: one build at a time, and a replay of its steps
// in slow motion. Everything is there without it. Only the page's own text is read.
"use strict";
(() => {
  const LONGEST_MS = 8000, SHORTEST_MS = 250;
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  const make = (name, text) => {
    const element = document.createElement(name);
    if (text) element.textContent = text;
    return element;
  };

  // The builds of a variant, by "label" and, for the second of that name, "label (2)".
  const buildsOf = (article) => {
    const builds = new Map();
    for (const build of article.querySelectorAll(":scope > details")) {
      const label = build.querySelector("b").textContent;
      let name = label;
      for (let n = 2; builds.has(name); n++) name = `${label} (${n})`;
      builds.set(name, build);
    }
    return builds;
  };

  // What is replayed of one build: rows with their times.
  const stepsOf = (variant, build) => [...build.querySelectorAll("tr[data-t]")].map((row) => ({
    variant, row, time: Number(row.dataset.t), start: row.dataset.s, outcome: row.cells[1].textContent,
    text: row.querySelector("code").textContent, shown: row.cells[3].innerText.split("\n")[0],
  }));

  class Replay {
    constructor(section, say, done) {
      this.section = section; this.say = say; this.done = done;
      this.timers = []; this.queue = [];
    }
    get runs() { return this.queue.length > 0; }
    start(lanes) {
      for (const steps of lanes) {
        let at = 0;
        for (const step of steps) {
          step.start = step.start === undefined ? at : Number(step.start);
          at = step.start + step.time;
        }
      }
      this.queue = lanes.flat();
      const end = Math.max(1, ...this.queue.map((s) => s.start + s.time));
      for (const step of this.queue) {
        step.row.classList.add("waiting");
        step.from = step.start / end * LONGEST_MS;
        step.to = Math.max(step.from + SHORTEST_MS, (step.start + step.time) / end * LONGEST_MS);
      }
      this.queue.sort((a, b) => a.to - b.to);
      if (calm.matches) return this.next();
      for (const step of this.queue) {
        this.timers.push(setTimeout(() => step.row.classList.replace("waiting", "working"), step.from));
        this.timers.push(setTimeout(() => this.finish(step), step.to));
      }
      this.say("Replaying: slowed or sped up, all variants on one scale. Escape ends it.");
    }
    finish(step) {
      step.row.classList.remove("waiting", "working");
      this.say(`${step.variant}: ${step.text} – ${step.outcome}, ${step.shown}`);
      this.queue = this.queue.filter((s) => s !== step);
      if (!this.runs) this.done();
    }
    next() { if (this.runs) this.finish(this.queue[0]); }
    stop() {
      this.timers.forEach(clearTimeout);
      this.timers = [];
      for (const step of this.queue) step.row.classList.remove("waiting", "working");
      this.queue = [];
      this.done();
    }
  }

  for (const section of document.querySelectorAll("main > section")) {
    const articles = [...section.querySelectorAll("article")];
    const variants = articles.map((article) => ({
      name: article.querySelector("h3").textContent, builds: buildsOf(article) }));
    const labels = [...new Set(variants.flatMap((v) => [...v.builds.keys()]))];
    if (labels.length === 0) continue;

    const box = make("div"), label = make("label", "Build "), choice = make("select");
    const button = make("button"), status = make("p");
    box.className = "controls";
    button.type = "button";
    status.setAttribute("role", "status");
    choice.append(new Option("all of them", ""), ...labels.map((name) => new Option(name, name)));
    label.append(choice);
    box.append(label, button, status);
    section.querySelector(".variants").before(box);

    const open = new Map([...section.querySelectorAll("article > details")].map((d) => [d, d.open]));
    const show = (name) => {
      for (const { builds } of variants)
        for (const [label, build] of builds) {
          build.classList.toggle("aside", name !== "" && label !== name);
          build.open = name === "" ? open.get(build) : label === name;
        }
    };
    const caption = () => {
      button.textContent = replay.runs ? (calm.matches ? "Next step" : "Stop")
        : calm.matches ? "Step through" : "Replay in slow motion";
    };
    const replay = new Replay(section, (text) => { status.textContent = text; }, () => caption());

    choice.addEventListener("change", () => { replay.stop(); show(choice.value); });
    button.addEventListener("click", () => {
      if (replay.runs && calm.matches) replay.next();
      else if (replay.runs) replay.stop();
      else {
        if (choice.value === "") show(choice.value = labels[0]);
        replay.start(variants.flatMap(({ name, builds }) =>
          builds.has(choice.value) ? [stepsOf(name, builds.get(choice.value))] : []));
      }
      caption();
    });
    box.addEventListener("keydown", (event) => { if (event.key === "Escape") replay.stop(); });
    calm.addEventListener("change", () => replay.stop());
    caption();
  }
})();

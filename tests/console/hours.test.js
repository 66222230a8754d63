// The hours of a week: what is painted is what is stored.

import assert from "node:assert/strict";
import { test } from "node:test";

import { CELLS, DAYS, cellsOf, rangesOf } from "../../functions/console/web/hours.js";

/** Numbers below 1 that are the same in each run. @param {number} seed */
const dice = (seed) => () => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647;

test("ranges that are painted are the ranges that were read", () => {
  for (const ranges of [
    [], [{ start: "08:00", end: "18:00" }], [{ start: "22:00", end: "06:00" }], [{ start: "22:00", end: "06:00", days: ["sun"] }],
    [{ start: "00:00", end: "24:00", days: ["sat", "sun"] }], [{ start: "08:00", end: "12:00", days: ["mon", "tue"] }, { start: "20:00", end: "24:00", days: ["wed"] }],
  ]) assert.deepEqual(rangesOf(cellsOf(ranges)), ranges);
});

test("any painted week is read back cell by cell", () => {
  const roll = dice(7);
  for (let week = 0; week < 2000; week++) {
    let on = roll() < 0.5;
    const cells = Array.from({ length: DAYS.length * CELLS }, () => (on = roll() < 0.05 ? !on : on));
    if (cells.some(Boolean)) assert.deepEqual(cellsOf(rangesOf(cells)), cells);
  }
});

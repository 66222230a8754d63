// Hours of a week: ranges as a policy has them, and cells of half an hour as they are painted.

/** Without days it is of each day; over midnight it is of the day on which it begins. @typedef {{ start: string, end: string, days?: string[] }} HourRange */
export const DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
export const CELLS = 48;
const CELL_MINUTES = 30;

/** @param {string} time */
const minutesOf = (time) => Number(time.slice(0, 2)) * 60 + Number(time.slice(3, 5));
/** @param {number} cell */
export const timeOf = (cell) => `${String(Math.floor(cell / 2)).padStart(2, "0")}:${cell % 2 ? "30" : "00"}`;
/** The cells of a week, day behind day; no range means always. @param {HourRange[]} ranges @returns {boolean[]} */
export function cellsOf(ranges) {
  return Array.from({ length: DAYS.length * CELLS }, (_, place) => {
    const [day, at] = [Math.floor(place / CELLS), (place % CELLS) * CELL_MINUTES];
    return ranges.length === 0 || ranges.some(({ start, end, days }) => {
      const [from, to] = [minutesOf(start), minutesOf(end)];
      const isOn = (/** @type {number} */ day) => !days?.length || days.includes(DAYS[(day + 7) % 7]);
      return from < to ? isOn(day) && at >= from && at < to : (isOn(day) && at >= from) || (isOn(day - 1) && at < to);
    });
  });
}

/** The first cell and the one behind the last, of each run of painted cells. @param {boolean[]} cells */
function runsOf(cells) {
  /** @type {[number, number][]} */
  const runs = [];
  for (let cell = 0; cell < cells.length; cell++) {
    if (!cells[cell] || cells[cell - 1]) continue;
    let end = cell;
    while (cells[end]) end++;
    runs.push([cell, end]);
  }
  return runs;
}

/** Whether a run that ends at midnight is one with that of the next day. @param {[number, number]} [one] @param {[number, number]} [next] */
const goesOn = (one, next) => Boolean(one && next && one[1] === CELLS && next[0] === 0 && next[1] < one[0]);

/** The ranges of painted cells, each with its days unless they are all. @param {boolean[]} cells @returns {HourRange[]} */
export function rangesOf(cells) {
  if (cells.every(Boolean)) return [];
  const runs = DAYS.map((_, day) => runsOf(cells.slice(day * CELLS, (day + 1) * CELLS)));
  /** @type {Map<string, HourRange & { days: string[] }>} */
  const ranges = new Map();
  runs.forEach((found, day) => found.forEach((run) => {
    if (goesOn(runs[(day + 6) % 7].at(-1), run)) return;
    const next = runs[(day + 1) % 7][0];
    const [start, end] = [timeOf(run[0]), timeOf(goesOn(run, next) ? next[1] : run[1])];
    const range = ranges.get(start + end) ?? { start, end, days: [] };
    range.days.push(DAYS[day]);
    ranges.set(start + end, range);
  }));
  return [...ranges.values()].map(({ days, ...range }) => (days.length === DAYS.length ? range : { ...range, days }));
}

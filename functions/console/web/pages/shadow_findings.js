// What a policy in shadow mode would have refused in the last week: by limit, and whom it would have met.

import { details, div, h3, li, p, section, span, summary, ul } from "../dom.js";
import { limitName } from "../ui/limits.js";
import { shown } from "../ui/load.js";
import { ago, number } from "../format.js";
import { read, withQuery } from "../api.js";
import { lastTime } from "../sums.js";
import { wa } from "../words_admin.js";

const SHADOW_DAYS = 7;

/** @typedef {{ limit: string, requests: number, people_count: number, people: { user: string, name: string, requests: number }[], last_at: string }} FoundOfLimit */

/** Findings are of days of UTC. @param {string} policy @returns {Promise<FoundOfLimit[]>} */
export function readFindings(policy) {
  const { from, to } = lastTime(SHADOW_DAYS, "UTC").query;
  return read(withQuery(`api/v1/admin/policies/${encodeURIComponent(policy)}/shadow`, { from, to }));
}

/** @param {import("../ui/load.js").Loaded<FoundOfLimit[]>} loaded */
export function findings(loaded) {
  const t = wa().policies;
  return section({ class: "stack" },
    h3(t.found),
    shown(loaded, (found) => found.length === 0
      ? p({ class: "muted small" }, t.foundNothing)
      : ul({ class: "card list" }, found.map((each) => li(
        div({ class: "grow" },
          details(summary(span({ class: "strong" }, each.limit === "available_time_ranges" ? t.hours : limitName(each.limit)), ` · ${t.wouldRefuse(each.requests, each.people_count)}`),
            ul({ class: "small muted" }, each.people.map((person) => li(`${person.name}: ${number(person.requests)}`))))),
        span({ class: "muted tiny" }, ago(each.last_at))))), 2));
}

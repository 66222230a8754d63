// Words of the pages on which a person uses models, in English.

export const enUse = {
  usedOf: (/** @type {string} */ used, /** @type {string} */ limit) => `${used} of ${limit}`,
  wholeAgain: (/** @type {string} */ when) => `whole again ${when}`,
  limits: {
    rate_limit: "Requests in a window", token_rate_limit: "Tokens in a window", request_quota_daily: "Requests a day", token_quota_daily: "Tokens a day",
    token_quota_monthly: "Tokens a month", cost_quota_monthly: "Cost a month", max_concurrency: "Requests at once",
  },
  play: {
    lanes: "How many models", one: "One", compare: "Compare", oneMore: "One more", asCode: "As code", fresh: "New", settings: "Settings", write: "Write a message",
    keys: "Enter sends, Shift+Enter makes a new line", send: "Send", stop: "Stop", writing: "Writing", complete: "Complete", failed: "Failed", stopped: "Stopped.",
    you: "You", empty: "Ask something; the answer streams in here.", first: "First token", speed: (/** @type {string} */ n) => `${n} tokens/s`, thought: (/** @type {string} */ time) => `Thought for ${time}`,
    tool: "Tool call", picture: "Picture", pictures: (/** @type {number} */ n) => (n === 1 ? "1 picture" : `${n} pictures`), model: "Model", system: "System prompt", temperature: "Temperature", longest: "Longest answer",
    asModel: "as the model has it", thinking: "Thinking", efforts: { none: "Off", minimal: "Minimal", low: "Low", medium: "Medium", high: "High", xhigh: "Highest", max: "Most" }, dialect: "Spoken as",
    tools: "Tools, as JSON", noJson: "This is no JSON.", pays: "Pays with", thisSession: "This session", paysHint: "Empty: a key that ends with your session. It counts against your limits like any other.",
  },
  connect: {
    about: "What a client needs to call this gateway.", title: "Your client", client: "Client", noModel: "There is no model that you may use yet.", newKey: "Make a key", keyName: "from Connect", tryIt: "Try it",
    keyHint: "A key is shown only when it is made, so the snippets have a place for it. Make one here and they are filled in.",
  },
  setup: {
    about: "From a server to a first answer.", where: "Where is a model?", id: "Its id here", idHint: "What clients ask for.", make: "Make it and test", testing: "Testing…",
    unreachable: (/** @type {string | number} */ why) => `The server does not answer: ${why}. Change what is wrong and try again.`, reachedBut: (/** @type {string} */ why) => `The server answers, but: ${why}.`,
    made: (/** @type {string} */ id) => `${id} is there.`, try: "Try it", hello: "Say hello.", use: "Use it", useAbout: "A key for your client; then people, limits, single sign-on.", invite: "Invite people", limits: "Set limits", asCurl: "The same with curl",
  },
  backend: {
    url: "Address", urlHint: "Requests will go to", key: "Key", keyHint: "Kept in the secret store. Nobody can read it again, you neither.", there: "Name of the model there", offered: (/** @type {number} */ n) => `${n} names read from the server`,
    add: "Add backend", forModel: (/** @type {string} */ id) => `for ${id}`, kind: "Kind of server", otherKind: "Other", kindHint: "Sets how thinking, tools and limits are spoken of.", name: "Name", weight: "Share of the requests, as a weight", reserveHint: "Used only when no other is available.",
    weightHint: (/** @type {number} */ n, /** @type {number} */ of, /** @type {string} */ part) => `Weight ${n} of ${of}: ${part}`, enabled: "Switched on", more: "Protocol, region, limits, headers, timeouts", protocol: "Protocol", region: "Region", concurrency: "Requests at once", concurrencyHint: "0: no limit", timeout: "Time to the first event, ms", idle: "Longest silence, ms", headers: "Headers, as JSON",
    unsaved: "Nothing is saved yet", test: "Test", saveAnyway: "Save, though the test failed",
  },
};

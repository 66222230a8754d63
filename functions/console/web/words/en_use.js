// Words of the pages on which a person uses models and sees what was used, in English.

export const enUse = {
  usedOf: (/** @type {string} */ used, /** @type {string} */ limit) => `${used} of ${limit}`,
  wholeAgain: (/** @type {string} */ when) => `whole again ${when}`,
  limits: {
    rate_limit: "Requests in a window", token_rate_limit: "Tokens in a window", request_quota_daily: "Requests a day", token_quota_daily: "Tokens a day",
    token_quota_monthly: "Tokens a month", cost_quota_monthly: "Cost a month", max_concurrency: "Requests at once",
  },
  listedLimits: {
    what: { requests: "Requests", tokens: "Tokens", cost: "Cost", concurrency: "Requests at once" }, per: { day: "a day", week: "a week", month: "a month", total: "in all" },
    seconds: (/** @type {number} */ n) => `in ${n} s`, whole: (/** @type {string} */ what, /** @type {string} */ per, /** @type {string} */ models) => `${what}${per && ` ${per}`}${models && `, ${models}`}`,
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
  usage: {
    range: "Range", days: (/** @type {number} */ n) => (n === 1 ? "24 hours" : `${n} days`), zone: (/** @type {string} */ name) => `Days of ${name.replaceAll("_", " ")}`, none: "Nothing was used in this time.", byDay: "By day", byHour: "By hour", others: "Others", noSecond: "and nothing else", second: "Second group", measure: "Measure", requests: "Requests", tokens: "Tokens", cost: "Cost",
    measures: { requests: "Requests", tokens: "Tokens", cost: "Cost" }, failed: "Failed", input: "Input", cached: "Cached", output: "Output", thinking: "Thinking", first: "First byte", speed: "Tokens/s", within: (/** @type {string} */ time) => `95 % within ${time}`, unfilter: (/** @type {string} */ name) => `Without this filter: ${name}`, table: "As a table", group: "Group", share: "Share",
    groups: { model: "Model", key: "Key", user: "Person", department: "Department", backend: "Backend" }, stopCsv: (/** @type {number} */ n) => `${n} rows · stop`,
    refused: "Refused", refusedAbout: "Requests for which no backend was called. They are not counted above.",
    refusals: { rate_limit_exceeded: "Too many requests or tokens in a window", insufficient_quota: "The quota is used up", concurrency_limit_exceeded: "Too many requests at once", outside_available_hours: "Outside the hours", model_not_found: "No such model", model_not_supported: "The model is not for this endpoint", no_policy: "No policy", context_length_exceeded: "Longer than the context window", invalid_request: "A mistake in the request", other: "Other" },
  },
  requests: {
    about: "Newest first, without prompts.", none: "There is no request in this time.", time: "Time", who: "Who", key: "Key", model: "Model", client: "Client", status: "Status", anyStatus: "Any status", anyOutcome: "Any outcome", anyDuration: "Any duration", slower: (/** @type {string} */ time) => `${time} or longer`, tried: (/** @type {number} */ n) => `${n} tried`, notFound: (/** @type {string} */ id) => `There is no record of ${id}.`, tokens: "Tokens", cost: "Cost", first: "First byte", took: "Duration",
    attempts: "Backends that were tried", backend: "Backend", result: "Result", askedStory: (/** @type {string} */ asked, /** @type {string} */ model) => `Asked for ${asked}, which ${model} serves.`, codeStory: (/** @type {string} */ code) => `The error was ${code}.`,
    results: { ok: "answered", timeout: "no answer in time", connect: "cannot be reached", credentials: "the key is refused", billing: "no credit", model_missing: "the model is not offered", rate_limited: "too many requests", dns: "its name has no address", tls: "no valid certificate", forbidden_address: "an address that may not be called", secret: "its key cannot be read", status: "an error", malformed: "no valid answer", interrupted: "broke off", other: "another fault", refused: "refused the request", client_gone: "the client left", stopped: "stopped", not_sent: "not sent" },
    outcomes: { complete: "Complete", cut_short: "Cut short", client_gone: "The client left", stopped: "Stopped", failed: "Failed", abandoned: "Abandoned" },
    failedStory: (/** @type {string} */ model, /** @type {number} */ status) => `No backend of ${model} served it; the client got ${status}.`, refusedStory: (/** @type {string} */ model, /** @type {number} */ status) => `The request for ${model} was refused with ${status}.`,
    servedStory: (/** @type {string} */ model, /** @type {string} */ how, /** @type {string} */ all, /** @type {string} */ first) => `${model} answered ${how} in ${all}, the first byte after ${first}.`, streamed: "as a stream", whole: "as a whole",
    fields: { at: "Time", user: "Person", department: "Department", key: "Key", model: "Model", asked_model: "Asked for", policy: "Policy", code: "Error", price: "Price", backend: "Backend", endpoint: "Endpoint", client: "Client", streamed: "Streamed", status: "Status", outcome: "Outcome", input_tokens: "Input", cached_input_tokens: "Cached input", cache_write_tokens: "Written to cache", cache_write_1h_tokens: "For an hour", output_tokens: "Output", reasoning_tokens: "Thinking", estimated: "Estimated", cost_usd: "Cost", duration_ms: "Duration", first_byte_ms: "First byte" },
  },
  overview: {
    hello: (/** @type {string} */ name) => `Hello, ${name}`, limits: "Your limits", open: "Open", opens: (/** @type {string} */ when) => `Opens ${when}`, noLimits: "Your policy limits nothing.", shadow: "In shadow mode: nobody is refused.", use: "30 days", latest: "Last requests",
    addModel: "Add a model", makeKey: "Make a key", firstRequest: "Send a first request",
  },
};

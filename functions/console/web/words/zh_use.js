// Words of the pages on which a person uses models and sees what was used, in Chinese.

/** @type {typeof import("./en_use.js").enUse} */
export const zhUse = {
  usedOf: (used, limit) => `${used} / ${limit}`,
  wholeAgain: (when) => `${when} 恢复`,
  limits: {
    rate_limit: "窗口内请求数", token_rate_limit: "窗口内 Token", request_quota_daily: "每日请求数", token_quota_daily: "每日 Token",
    token_quota_monthly: "每月 Token", cost_quota_monthly: "每月费用", max_concurrency: "并发请求数",
  },
  listedLimits: {
    what: { requests: "请求数", tokens: "Token", cost: "费用", concurrency: "并发请求数" }, per: { day: "每日", week: "每周", month: "每月", total: "累计" },
    seconds: (n) => `每 ${n} 秒`, whole: (what, per, models) => `${per}${per && /^[A-Z]/.test(what) ? " " : ""}${what}${models && `（${models}）`}`,
  },
  play: {
    lanes: "模型数量", one: "单个", compare: "对比", oneMore: "再加一个", asCode: "查看代码", fresh: "新对话", settings: "参数", write: "输入消息",
    keys: "Enter 发送，Shift+Enter 换行", send: "发送", stop: "停止", writing: "生成中", complete: "完成", failed: "失败", stopped: "已停止。",
    you: "你", empty: "输入问题，回答会实时显示在这里。", first: "首 Token", speed: (n) => `${n} Token/秒`, thought: (time) => `思考 ${time}`,
    tool: "工具调用", picture: "图片", pictures: (n) => `${n} 张图片`, model: "模型", system: "系统提示词", temperature: "温度", longest: "最长输出",
    asModel: "模型默认", thinking: "思考", efforts: { none: "关", minimal: "最低", low: "低", medium: "中", high: "高", xhigh: "很高", max: "最高" }, dialect: "协议",
    tools: "工具（JSON）", noJson: "不是有效的 JSON。", pays: "使用凭证", thisSession: "当前会话", paysHint: "留空则使用随会话结束的临时密钥，与其他密钥一样计入你的限额。",
  },
  connect: {
    about: "客户端接入网关所需的配置。", title: "你的客户端", client: "客户端", noModel: "目前没有你可以使用的模型。", newKey: "创建密钥", keyName: "接入", tryIt: "试一试",
    keyHint: "密钥只在创建时显示，因此代码中留有占位。在此创建密钥即可自动填入。",
  },
  usage: {
    range: "时间范围", days: (n) => (n === 1 ? "24 小时" : `${n} 天`), zone: (name) => `按 ${name.replaceAll("_", " ")} 计日`, none: "此期间没有用量。", byDay: "按日", byHour: "按小时", others: "其他", noSecond: "不再细分", second: "第二分组", measure: "指标", requests: "请求", tokens: "Token", cost: "费用",
    measures: { requests: "请求", tokens: "Token", cost: "费用" }, failed: "失败", input: "输入", cached: "缓存", output: "输出", thinking: "思考", first: "首字节", speed: "Token/秒", within: (time) => `95% 在 ${time} 内`, unfilter: (name) => `取消筛选：${name}`, table: "表格", group: "分组", share: "占比",
    groups: { model: "模型", key: "密钥", user: "用户", department: "部门", backend: "后端" }, stopCsv: (n) => `${n} 行 · 停止`,
    refused: "被拒绝", refusedAbout: "未调用任何后端的请求，不计入上面的数字。",
    refusals: { rate_limit_exceeded: "窗口内请求或 Token 过多", insufficient_quota: "配额已用完", concurrency_limit_exceeded: "并发请求过多", outside_available_hours: "不在开放时段", model_not_found: "没有该模型", model_not_supported: "模型不适用于该接口", no_policy: "没有策略", context_length_exceeded: "超出上下文窗口", invalid_request: "请求有误", other: "其他" },
  },
  requests: {
    about: "按时间倒序，不含提示词。", none: "此期间没有请求。", time: "时间", who: "用户", key: "密钥", model: "模型", client: "客户端", status: "状态", anyStatus: "全部状态", anyOutcome: "全部结果", anyDuration: "全部耗时", slower: (time) => `${time} 以上`, tried: (n) => `尝试了 ${n} 次`, notFound: (id) => `没有 ${id} 的记录。`, tokens: "Token 数", cost: "费用", first: "首字节", took: "耗时",
    attempts: "尝试过的后端", backend: "后端", result: "结果", askedStory: (asked, model) => `请求的是 ${asked}，由 ${model} 提供服务。`, codeStory: (code) => `错误码：${code}。`,
    results: { ok: "已响应", timeout: "超时", connect: "无法连接", credentials: "密钥被拒绝", billing: "余额不足", model_missing: "未提供该模型", rate_limited: "请求过多", dns: "域名没有地址", tls: "证书无效", forbidden_address: "不允许访问的地址", secret: "密钥无法读取", status: "返回错误", malformed: "应答无效", interrupted: "中途断开", other: "其他故障", refused: "拒绝了请求", client_gone: "客户端断开", stopped: "已停止", not_sent: "未发送" },
    outcomes: { complete: "完成", cut_short: "被截断", client_gone: "客户端断开", stopped: "已停止", failed: "失败", abandoned: "已放弃" },
    failedStory: (model, status) => `${model} 的后端均未能响应，客户端收到 ${status}。`, refusedStory: (model, status) => `对 ${model} 的请求被拒绝（${status}）。`,
    servedStory: (model, how, all, first) => `${model} ${how}，耗时 ${all}，首字节 ${first}。`, streamed: "以流式返回", whole: "一次性返回",
    fields: { at: "时间", user: "用户", department: "部门", key: "密钥", model: "模型", asked_model: "请求的模型", policy: "策略", code: "错误", price: "价格", backend: "后端", endpoint: "接口", client: "客户端", streamed: "流式", status: "状态", outcome: "结果", input_tokens: "输入", cached_input_tokens: "缓存输入", cache_write_tokens: "写入缓存", cache_write_1h_tokens: "缓存一小时", output_tokens: "输出", reasoning_tokens: "思考", estimated: "估算", cost_usd: "费用", duration_ms: "耗时", first_byte_ms: "首字节" },
  },
  overview: {
    hello: (name) => `你好，${name}`, limits: "我的限额", open: "开放中", opens: (when) => `${when} 开放`, noLimits: "你的策略没有限制。", shadow: "影子模式：不会拒绝请求。", use: "近 30 天", latest: "最近请求",
    addModel: "添加模型", makeKey: "创建密钥", firstRequest: "发送第一个请求",
  },
};

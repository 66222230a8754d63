// Words of the pages on which a person uses models, in Chinese.

/** @type {typeof import("./en_use.js").enUse} */
export const zhUse = {
  usedOf: (used, limit) => `${used} / ${limit}`,
  wholeAgain: (when) => `${when} 恢复`,
  limits: {
    rate_limit: "窗口内请求数", token_rate_limit: "窗口内 Token", request_quota_daily: "每日请求数", token_quota_daily: "每日 Token",
    token_quota_monthly: "每月 Token", cost_quota_monthly: "每月费用", max_concurrency: "并发请求数",
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
  setup: {
    about: "从服务器到第一个回答。", where: "模型在哪里？", id: "在网关中的 ID", idHint: "客户端请求时使用的名称。", make: "创建并测试", testing: "测试中…",
    unreachable: (why) => `服务器没有响应：${why}。请修正后重试。`, reachedBut: (why) => `服务器有响应，但：${why}。`,
    made: (id) => `${id} 已就绪。`, try: "试一试", hello: "打个招呼吧。", use: "开始使用", useAbout: "为客户端创建密钥；然后可以邀请用户、设置限额、配置单点登录。", invite: "邀请用户", limits: "设置限额", asCurl: "对应的 curl 命令",
  },
  backend: {
    url: "地址", urlHint: "请求将发往", key: "密钥", keyHint: "存入密钥库，之后任何人（包括你）都无法再读出。", there: "服务端的模型名", offered: (n) => `已从服务端读到 ${n} 个名称`,
    add: "添加后端", forModel: (id) => `用于 ${id}`, kind: "服务类型", otherKind: "其他", kindHint: "决定思考、工具与各项限制的表达方式。", name: "名称", weight: "请求占比（权重）", reserveHint: "仅在没有其他可用后端时使用。",
    weightHint: (n, of, part) => `权重 ${n}/${of}：${part}`, enabled: "启用", more: "协议、区域、限制、请求头、超时", protocol: "协议", region: "区域", concurrency: "并发请求数", concurrencyHint: "0：不限", timeout: "首个事件超时（毫秒）", idle: "最长静默（毫秒）", headers: "请求头（JSON）",
    unsaved: "尚未保存", test: "测试", saveAnyway: "测试未通过，仍然保存",
  },
};

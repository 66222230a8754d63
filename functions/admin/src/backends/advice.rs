//! Advice about a backend's entry, by the step of its trial that failed.

use domain::models::health::FailureClass;
use service::functions::TrialStepName;

/// A code for programs, and the same for people.
#[derive(Clone, Copy, Debug)]
pub(super) struct Advice {
    pub(super) code: &'static str,
    pub(super) chinese: &'static str,
    pub(super) english: &'static str,
}

const CHECK_HOST: Advice = Advice {
    code: "check_host",
    chinese: "请检查 base_url 中的主机名:找不到它的地址",
    english: "check the host name in base_url: it has no address",
};
const ALLOW_NETWORK: Advice = Advice {
    code: "allow_network",
    chinese: "该地址在未被允许的网络中:请使用 https,或在 BACKEND_ALLOWED_CIDRS 中允许该网络",
    english: "the address is in a network that is not allowed: use https, or allow the network in BACKEND_ALLOWED_CIDRS",
};
const CHECK_CERTIFICATE: Advice = Advice {
    code: "check_certificate",
    chinese: "服务器的证书不被信任:请检查主机名,或将其签发机构加入 BACKEND_CA_CERTS",
    english: "the server's certificate is not trusted: check the host name, or add its authority to BACKEND_CA_CERTS",
};
const CHECK_KEY: Advice = Advice {
    code: "check_key",
    chinese: "服务器拒绝了密钥:请检查 api_key,以及它是否已过期",
    english: "the server refuses the key: check api_key, and whether it has expired",
};
const SET_KEY: Advice = Advice {
    code: "set_key",
    chinese: "已保存的密钥无法读取:请重新填写 api_key",
    english: "the stored key cannot be read: give api_key again",
};
const CHECK_CREDIT: Advice = Advice {
    code: "check_credit",
    chinese: "该账户余额不足:请充值",
    english: "the account behind the key is out of credit",
};
const CHOOSE_MODEL: Advice = Advice {
    code: "choose_model",
    chinese: "服务器没有这个模型:请将 model_name 改为它列出的名称之一",
    english: "the server does not have this model: set model_name to one of the names that it lists",
};
const TRY_LATER: Advice = Advice {
    code: "try_later",
    chinese: "服务器正在限流:请稍后再试",
    english: "the server limits its requests: try again later",
};
const WAIT_FOR_MODEL: Advice = Advice {
    code: "wait_for_model",
    chinese: "模型没有及时回答:它可能仍在加载,请稍后再试",
    english: "the model did not answer in time: it may still be loading, try again",
};
const CHECK_PATH: Advice = Advice {
    code: "check_path",
    chinese: "该地址的回答不是 JSON:请检查 base_url 的路径和 protocol",
    english: "what answers there is no API: check the path of base_url, and protocol",
};
const CHECK_SETTINGS: Advice = Advice {
    code: "check_settings",
    chinese: "服务器拒绝了请求:请检查 preset 和 settings",
    english: "the server refuses the request: check preset and settings",
};
const CHECK_SERVER: Advice = Advice {
    code: "check_server",
    chinese: "没有服务器应答:请检查 base_url 的端口,以及服务器是否在运行",
    english: "no server answers: check the port in base_url, and whether the server runs",
};

impl Advice {
    pub(super) fn of(step: TrialStepName, reason: Option<FailureClass>) -> Self {
        match (step, reason) {
            (_, Some(FailureClass::Dns)) => CHECK_HOST,
            (_, Some(FailureClass::ForbiddenAddress)) => ALLOW_NETWORK,
            (_, Some(FailureClass::Tls)) => CHECK_CERTIFICATE,
            (_, Some(FailureClass::Credentials)) => CHECK_KEY,
            (_, Some(FailureClass::Secret)) => SET_KEY,
            (_, Some(FailureClass::Billing)) => CHECK_CREDIT,
            (_, Some(FailureClass::ModelMissing)) => CHOOSE_MODEL,
            (_, Some(FailureClass::RateLimited)) => TRY_LATER,
            (TrialStepName::Answer, Some(FailureClass::Timeout)) => WAIT_FOR_MODEL,
            (TrialStepName::Answer, Some(FailureClass::Malformed)) => CHECK_PATH,
            (TrialStepName::Answer, _) => CHECK_SETTINGS,
            _ => CHECK_SERVER,
        }
    }
}

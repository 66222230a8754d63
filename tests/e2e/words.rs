//! The messages that people read: each in English and Chinese, with the field that it is about and none of our
//! libraries' words (OP10).

use std::fs;
use std::path::{Path, PathBuf};

use harness::Gateway;
use harness::client::{Client, data};
use harness::workspace;
use serde_json::{Value, json};
use service::http::language::Language;
use service::http::messages;

/// The sources of messages of `/api/v1`.
const SOURCES: [&str; 9] = [
    "functions/admin/src",
    "functions/auth/src",
    "functions/keys/src",
    "shared/service/src/http",
    "shared/domain/src/models",
    "shared/domain/src/access/egress.rs",
    "shared/domain/src/access/password.rs",
    "shared/domain/src/access/sso.rs",
    "local/src/front.rs",
];
/// Messages for the log or the terminal, and those of `/v1`, which agents read and act on.
const OTHERS: [&str; 9] = [
    "auth/src/bootstrap.rs",
    "auth/src/identity_provider",
    "auth/src/oauth",
    "auth/src/sso/error.rs",
    "http/refusal.rs",
    "http/messages",
    "http/caller.rs",
    "http/usage.rs",
    "models/health",
];
/// The beginnings of calls that have a message.
const MARKS: [&str; 7] = [
    "ApiError::new(",
    "ApiError::invalid(",
    "Self::new(Code::",
    "wrong(",
    "Message(",
    "#[error(",
    "Err(format!(",
];

fn files(path: &Path) -> Vec<PathBuf> {
    if path.is_file() {
        return vec![path.to_owned()];
    }
    let entries = fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| files(&path)).collect()
}

/// The string literals of the call whose arguments begin at `text`.
fn literals(text: &str) -> Vec<String> {
    let (mut depth, mut found, mut characters) = (1, Vec::new(), text.chars().peekable());
    while depth > 0 {
        match characters.next() {
            Some('(') => depth += 1,
            Some(')') => depth -= 1,
            Some('"') => found.push(literal(&mut characters)),
            Some(_) => {}
            None => break,
        }
    }
    found
}

fn literal(characters: &mut impl Iterator<Item = char>) -> String {
    let mut text = String::new();
    while let Some(character) = characters.next() {
        match character {
            '"' => break,
            '\\' => match characters.next() {
                // A line that goes on, without the blanks that it begins with.
                Some('\n') => text.push('\u{0}'),
                Some(escaped) => text.push(escaped),
                None => break,
            },
            other => text.push(other),
        }
    }
    let mut parts = text.split('\u{0}');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| text + part.trim_start())
}

/// The message as it might read: with something in the place of what is filled in.
fn sample(literal: &str) -> String {
    let text = literal.replace("{{", "\u{1}").replace("}}", "\u{2}");
    let mut sample = String::new();
    for (number, part) in text.split('{').enumerate() {
        match part.split_once('}') {
            Some((placeholder, rest)) if number > 0 => {
                sample.push_str(if placeholder.ends_with(":?") { "\"7\"" } else { "7" });
                sample.push_str(rest);
            }
            _ => sample.push_str(part),
        }
    }
    sample.replace('\u{1}', "{").replace('\u{2}', "}")
}

/// The messages in a source, each as it might read.
fn written(source: &str) -> Vec<String> {
    let source = source.split("#[cfg(test)]").next().unwrap_or_default();
    let calls = MARKS.iter().flat_map(|mark| source.match_indices(mark));
    let written = calls.filter_map(|(place, mark)| {
        let literals = literals(&source[place + mark.len()..]);
        literals.into_iter().rev().find(|text| text.contains(' '))
    });
    written.map(|literal| sample(&literal)).collect()
}

/// Parts of sentences, which are put together where they are told.
fn is_part(english: &str) -> bool {
    let begins = [
        "is in a network",
        "must not hold credentials",
        "must use https",
        "must be an absolute",
    ];
    begins.iter().any(|part| english.starts_with(part)) || (english.ends_with(" 7") && english.matches(' ').count() < 3)
}

#[test]
fn op10_every_message_of_the_sources_is_in_the_catalogue() {
    let (mut count, mut missing) = (0, Vec::new());
    for file in SOURCES.iter().flat_map(|place| files(&workspace().join(place))) {
        let name = file.to_string_lossy().into_owned();
        if OTHERS.iter().any(|other| name.contains(other)) {
            continue;
        }
        let messages = written(&fs::read_to_string(&file).unwrap());
        count += messages.len();
        let unknown = messages
            .into_iter()
            .filter(|english| !is_part(english) && messages::tell(english, Language::Chinese).code.is_none());
        missing.extend(unknown.map(|english| format!("{name}: {english}")));
    }
    assert!(count > 100, "the messages are not found any more: {count}");
    assert!(
        missing.is_empty(),
        "without a row in service::http::messages:\n{}",
        missing.join("\n")
    );
}

/// Words that only our libraries say.
const LIBRARIES: [&str; 12] = [
    "unknown variant",
    "unknown field",
    "missing field",
    "invalid type",
    "expected",
    "digit found",
    "component",
    "untagged",
    "struct ",
    "serde",
    "u64",
    "at line",
];

fn is_chinese(text: &str) -> bool {
    text.chars().any(|character| ('一'..='鿿').contains(&character))
}

/// Wrong requests of many kinds: method, path, body, and the field that each is wrong in.
#[rustfmt::skip]
const WRONG: &[(&str, &str, &str, &str)] = &[
    ("POST", "admin/users", r#"{"email": "a@b.c"}"#, "name"),
    ("POST", "admin/users", r#"{"email": "nobody", "name": "A"}"#, "email"),
    ("POST", "admin/users", r#"{"email": "a@b.c", "name": ""}"#, "name"),
    ("POST", "admin/users", r#"{"email": "a@b.c", "name": "A", "role": "king"}"#, "role"),
    ("POST", "admin/users", r#"{"email": "a@b.c", "name": "A", "colour": 1}"#, "colour"),
    ("POST", "admin/users", r#"{"email": "a@b.c", "name": "A", "password": "short"}"#, "password"),
    ("POST", "admin/users", r#"{"email": "a@b.c", "name": "A", "password": 12345678}"#, "password"),
    ("POST", "admin/users", r#"{"email": "a@b.c", "name": "A", "quota_policy": "gold"}"#, "quota_policy"),
    ("POST", "admin/users", r#"{"email": "a@b.c", "email": "b@b.c", "name": "A"}"#, "email"),
    ("POST", "admin/users", "[]", ""),
    ("POST", "admin/users", r#"{"email":"#, "email"),
    ("POST", "admin/policies", "{}", "name"),
    ("POST", "admin/policies", r#"{"name": "a b"}"#, "name"),
    ("POST", "admin/policies", r#"{"name": "p", "rate_limit": -1}"#, "rate_limit"),
    ("POST", "admin/policies", r#"{"name": "p", "rate_limit": "10"}"#, "rate_limit"),
    ("POST", "admin/policies", r#"{"name": "p", "rate_limit_window": 0}"#, "rate_limit_window"),
    ("POST", "admin/policies", r#"{"name": "p", "timezone": "Mars"}"#, "timezone"),
    ("POST", "admin/policies", r#"{"name": "p", "mode": "lenient"}"#, "mode"),
    ("POST", "admin/policies", r#"{"name": "p", "models": "m"}"#, "models"),
    ("POST", "admin/policies", r#"{"name": "p", "default_model": "none"}"#, "default_model"),
    ("POST", "admin/policies", r#"{"name": "p", "cost_quota_monthly": 0.0000001}"#, "cost_quota_monthly"),
    ("POST", "admin/policies", r#"{"name": "p", "available_time_ranges": [{"start": "09:00"}]}"#, "available_time_ranges[0].end"),
    ("POST", "admin/policies", r#"{"name": "p", "available_time_ranges": [{"start": "9", "end": "10:00"}]}"#, "available_time_ranges[0].start"),
    ("POST", "admin/models", r#"{"id": "m"}"#, "name"),
    ("POST", "admin/models", r#"{"id": "m", "name": "m", "input_price": -1}"#, "input_price"),
    ("POST", "admin/models", r#"{"id": "m", "name": "m", "kinds": ["poem"]}"#, "kinds[0]"),
    ("POST", "admin/backends/test", r#"{"base_url": "ftp://x"}"#, "base_url"),
    ("POST", "admin/backends/test", r#"{"base_url": "https://x", "preset": "acme"}"#, "preset"),
    ("POST", "admin/backends/test", r#"{"base_url": "https://x", "settings": {"max_tool": 1}}"#, "settings.max_tool"),
    ("POST", "admin/backends/test", r#"{"base_url": "https://x", "weight": 1.5}"#, "weight"),
    ("POST", "admin/backends/test", r#"{"base_url": "https://x", "api_key": " x "}"#, "api_key"),
    ("POST", "admin/top-ups", "{}", "account"),
    ("POST", "admin/users/bulk", r#"{"ids": [], "change": {}}"#, "ids"),
    ("POST", "user/keys", r#"{"name": "k", "expires_at": "tomorrow"}"#, "expires_at"),
    ("POST", "user/keys", r#"{"name": "k", "models": ["none"]}"#, "models"),
    ("PUT", "admin/settings", r#"{"log_retention_days": 0}"#, "log_retention_days"),
    ("PUT", "admin/settings", r#"{"cors_origins": ["*"]}"#, "cors_origins[0]"),
    ("PUT", "admin/settings", r#"{"registration_enabled": "yes"}"#, "registration_enabled"),
    ("GET", "admin/users?limit=0", "", "limit"),
    ("GET", "admin/users?limit=many", "", "limit"),
    ("GET", "admin/users?role=king", "", "role"),
    ("GET", "admin/users?colour=red", "", "colour"),
    ("GET", "admin/users?cursor=x", "", "cursor"),
    ("GET", "admin/usage?from=yesterday", "", "from"),
    ("GET", "user/usage?from=2026-11-02&to=2026-11-01", "", "from"),
    ("GET", "admin/users/nobody", "", ""),
    ("GET", "nothing", "", ""),
    ("DELETE", "admin/policies/default", "", ""),
];

/// What a request gets that asks for this language.
async fn refused(admin: &Client, (method, path, body): (&str, &str, &str), language: &str) -> Value {
    let request = admin.request(method.parse().unwrap(), &format!("/api/v1/{path}"));
    let request = match body {
        "" => request,
        body => request.header("content-type", "application/json").body(body.to_owned()),
    };
    let answer = request.header("accept-language", language).send().await.unwrap();
    let status = answer.status();
    assert!(status.is_client_error(), "{method} {path} {body}: {status}");
    answer.json::<Value>().await.unwrap()["error"].take()
}

#[tokio::test]
async fn op10_g18_every_refusal_is_told_in_both_languages_with_its_field_and_code() {
    let gateway = Gateway::start().await;
    for (method, path, body, field) in WRONG {
        let of = |language| refused(gateway.admin(), (method, path, body), language);
        let (chinese, english) = (of("zh-CN,zh;q=0.9").await, of("en").await);
        for error in [&chinese, &english] {
            assert_eq!(
                error["field"].as_str().unwrap_or_default(),
                *field,
                "{path} {body}: {error}"
            );
            assert!(error["message_code"].is_string(), "{path} {body}: {error}");
            assert!(error["params"].is_object(), "{path} {body}: {error}");
            let message = error["message"].as_str().unwrap();
            assert!(
                LIBRARIES.iter().all(|words| !message.contains(words)),
                "{path}: {message}"
            );
        }
        let text = |error: &Value| error["message"].as_str().unwrap().to_owned();
        assert!(is_chinese(&text(&chinese)), "{}", text(&chinese));
        assert!(!is_chinese(&text(&english)), "{}", text(&english));
    }
}

#[tokio::test]
async fn g18_a_refusal_tells_its_figures_and_an_action_its_end_in_chinese() {
    let gateway = Gateway::start().await;
    let admin = gateway.admin();
    let wrong = admin
        .put("/api/v1/admin/settings")
        .json(&json!({"log_retention_days": 0}));
    let answer = wrong.header("accept-language", "zh").send().await.unwrap();
    let error = answer.json::<Value>().await.unwrap()["error"].take();
    assert_eq!(error["message_code"], "out_of_range");
    assert_eq!(error["params"]["min"], 1);
    let policy = json!({"name": "p"});
    admin.create("/api/v1/admin/policies", &policy).await;
    let deleted = admin.delete("/api/v1/admin/policies/p").header("accept-language", "zh");
    let said: Value = deleted.send().await.unwrap().json().await.unwrap();
    assert_eq!(said, json!({"message": "策略已删除"}));
    let csv = "email,name\nno address,A\n";
    let import = admin
        .post("/api/v1/admin/users/import")
        .header("content-type", "text/csv");
    let report = data(import.header("accept-language", "zh").body(csv), 200).await;
    let told = report["lines"][0]["message"].as_str().unwrap();
    assert!(is_chinese(told), "{told}");
}

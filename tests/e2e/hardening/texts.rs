//! Every text of every form with strings that are rarely tried: none is a failure of ours, and what is refused is told
//! with its field.

use serde_json::{Value, json};
use url::form_urlencoded;

use super::table::{Place, Scene, at, forms, name, places, with};

/// Strings of control characters, directions, invisible ones, scripts, paths and what other languages act on.
const PLAIN: [&str; 42] = [
    "",
    " ",
    " a",
    "a ",
    "\0",
    "a\0b",
    "\n",
    "a\r\nb",
    "\u{7f}",
    "\u{85}",
    "\u{202e}cod",
    "\u{2066}a\u{2069}",
    "\u{200b}",
    "a\u{200d}b",
    "\u{feff}a",
    "\u{fffd}",
    "\u{10ffff}",
    "שלום עולם",
    "مرحبا",
    "👩‍👩‍👧‍👦",
    "🇩🇪",
    "e\u{301}",
    "Z̸͍̆a̷l̵g̶o",
    "ﬁ",
    "İ",
    "ß",
    "Ǆ",
    "０１２",
    "null",
    "__proto__",
    "../../etc/passwd",
    "%00",
    "%2F",
    "a/b",
    "*",
    "**",
    "a*b",
    "{}",
    "<script>",
    "'; DROP",
    "${x}",
    "{{x}}",
];
/// Escapes that have no character, or none that is allowed.
const ESCAPED: [&str; 5] = [
    r#""\ud800""#,
    r#""\udc00""#,
    r#""a\ud83d""#,
    r#""\ud83d\ud83d""#,
    r#""\u0000""#,
];

/// All of them and long ones, as they stand in JSON.
fn odd() -> Vec<String> {
    let long = [
        ("a", 129),
        ("é", 2000),
        ("e\u{301}", 4000),
        ("👍", 10_000),
        ("a", 60_000),
    ];
    let texts = PLAIN.map(ToOwned::to_owned).into_iter();
    let texts = texts.chain(long.map(|(text, times)| text.repeat(times)));
    texts
        .map(|text| json!(text).to_string())
        .chain(ESCAPED.map(ToOwned::to_owned))
        .collect()
}

/// The form without what makes it slow or refused before its time, unless that is tried itself.
fn light(form: &Value, place: &Place) -> Value {
    let mut form = form.clone();
    for member in ["password", "version"] {
        if place[0] != member && form.get("role").is_some() {
            form.as_object_mut().unwrap().remove(member);
        }
    }
    form
}

#[tokio::test]
async fn every_text_of_every_form_may_be_odd_and_what_is_refused_names_its_field() {
    let scene = Scene::start().await;
    for (row, form) in forms() {
        for place in places(&form).iter().filter(|place| at(&form, place).is_string()) {
            for text in odd() {
                let body = with(&light(&form, place), place, &text);
                let response = scene.send(&row, body).send().await.unwrap();
                let status = response.status().as_u16();
                let answer: Value = response.json().await.unwrap();
                let tried: String = text.chars().take(40).collect();
                let tried = format!("{} {place:?} {tried}: {status} {answer}", name(&row));
                assert!(status < 500, "{tried}");
                let code = answer["error"]["code"].as_str().unwrap_or_default();
                assert!(
                    status != 400 || answer["error"]["field"].is_string() || code == "sso_failed",
                    "{tried}"
                );
                assert!(answer.to_string().len() < 4000 || status < 300, "{tried}");
            }
        }
    }
}

#[tokio::test]
async fn a_form_of_more_than_64_kib_is_too_large_whichever_member_it_is_in() {
    let scene = Scene::start().await;
    let long = json!("x".repeat(64 * 1024)).to_string();
    // A whole configuration may be longer.
    for (row, form) in forms()
        .into_iter()
        .filter(|(row, _)| row.path != "/api/v1/admin/import")
    {
        for place in places(&form).iter().filter(|place| at(&form, place).is_string()) {
            // The connection ends with a body that was not read: each has its own.
            let request = scene
                .send(&row, with(&form, place, &long))
                .header("connection", "close");
            let response = request.send().await.unwrap();
            assert_eq!(response.status(), 413, "{} {place:?}", name(&row));
        }
    }
}

#[tokio::test]
async fn names_of_members_may_be_odd_too() {
    let scene = Scene::start().await;
    for (row, form) in forms() {
        for member in odd() {
            let body = format!("{{{member}:1,{}", &form.to_string()[1..]);
            let response = scene.send(&row, body).send().await.unwrap();
            let status = response.status().as_u16();
            let answer: Value = response.json().await.unwrap();
            assert_eq!(status, 400, "{} {answer}", name(&row));
            assert!(answer.to_string().len() < 4000, "{answer}");
        }
    }
}

/// The filters of lists.
const FILTERS: [(&str, &[&str]); 5] = [
    ("users", &["status", "role", "department", "q", "cursor"]),
    (
        "audit",
        &["from", "to", "actor", "action", "target", "result", "cursor"],
    ),
    (
        "logs",
        &[
            "from",
            "to",
            "user",
            "department",
            "model",
            "backend",
            "key",
            "request_id",
            "outcome",
            "client",
            "status",
            "min_duration_ms",
            "timezone",
            "limit",
            "bom",
            "cursor",
        ],
    ),
    ("top-ups", &["account"]),
    (
        "usage",
        &[
            "from",
            "to",
            "group_by",
            "timezone",
            "limit",
            "user",
            "department",
            "model",
            "backend",
            "key",
        ],
    ),
];

#[tokio::test]
async fn every_filter_may_be_odd() {
    let scene = Scene::start().await;
    let texts: Vec<String> = odd()
        .iter()
        .filter_map(|text| serde_json::from_str(text).ok())
        .collect();
    for (path, filter) in FILTERS
        .iter()
        .flat_map(|(path, filters)| filters.iter().map(move |filter| (path, *filter)))
    {
        for text in &texts {
            let text: String = text.chars().take(1000).collect();
            let query = form_urlencoded::Serializer::new(String::new())
                .append_pair(filter, &text)
                .finish();
            let request = scene.admin.get(&format!("/api/v1/admin/{path}?{query}"));
            let response = request.send().await.unwrap();
            let status = response.status().as_u16();
            let answer: Value = response.json().await.unwrap();
            assert!(status < 500, "{path} {filter} {text:?}: {answer}");
            assert!(
                status != 400 || answer["error"]["field"] == filter,
                "{path} {filter} {text:?}: {answer}"
            );
        }
    }
}

#[tokio::test]
async fn every_field_of_a_file_of_people_may_be_odd() {
    let scene = Scene::start().await;
    let texts: Vec<String> = odd()
        .iter()
        .filter_map(|text| serde_json::from_str(text).ok())
        .collect();
    let usual = ["a@example.com", "a long enough password", "A", "user", "sales", "p"];
    for (place, column) in ["email", "password", "name", "role", "department", "quota_policy"]
        .into_iter()
        .enumerate()
    {
        for text in &texts {
            let mut fields = usual.map(|field| format!("\"{field}\""));
            fields[place] = format!("\"{}\"", text.replace('"', "\"\""));
            let file = format!(
                "email,password,name,role,department,quota_policy\n{}\n",
                fields.join(",")
            );
            let request = scene.admin.post("/api/v1/admin/users/import?dry_run=true");
            let response = request
                .header("content-type", "text/csv")
                .body(file)
                .send()
                .await
                .unwrap();
            let status = response.status().as_u16();
            let answer: Value = response.json().await.unwrap();
            assert_eq!(status, 200, "{column} {text:?}: {answer}");
            let line = &answer["data"]["lines"][0];
            let is_told = line["status"] == "valid" || line["field"] == column;
            assert!(is_told, "{column} {text:?}: {answer}");
            assert!(answer.to_string().len() < 4000, "{column} {text:?}: {answer}");
        }
    }
}

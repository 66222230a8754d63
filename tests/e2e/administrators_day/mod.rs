//! An administrator's day, through the API alone: people, departments, policies, models, keys, a month of usage, and
//! what goes wrong. In both languages.

mod office;

use std::collections::BTreeSet;
use std::time::Duration;

use harness::client::{Client, data, pick, status};
use harness::provider::{Provider, Reply};
use serde_json::{Value, json};

use self::office::Office;

const DEPARTMENTS: [&str; 3] = ["研发部", "销售部", "Operations"];
const MODELS: [&str; 4] = ["glm", "kimi", "qwen", "deepseek"];
const PEOPLE: usize = 200;
const PASSWORD: &str = "a long enough password";
const DAY: Duration = Duration::from_hours(24);

#[tokio::test]
async fn an_administrators_day_in_chinese() {
    day(&Office::open("zh-CN").await).await;
}

#[tokio::test]
async fn an_administrators_day_in_english() {
    day(&Office::open("en").await).await;
}

async fn day(office: &Office) {
    set_up(office).await;
    invite(office).await;
    managers_see_their_own(office).await;
    rotate_a_key(office).await;
    a_month_passes(office).await;
    report(office).await;
    a_password_is_lost(office).await;
    a_key_is_leaked(office).await;
    a_backend_is_out(office).await;
    everything_is_told(office).await;
}

/// Policies with hours, and four models with three backends each, from one document.
async fn set_up(office: &Office) {
    let policy = |index: usize| {
        json!({"name": format!("department-{index}"), "timezone": "Asia/Shanghai", "request_quota_daily": 1000,
            "available_time_ranges": [{"start": "08:00", "end": "22:00"}]})
    };
    let backend = |index: usize| {
        json!({"name": format!("server {index}"), "base_url": office.providers[index].base_url(), "model_name": "m",
            "api_key": "the-first-key"})
    };
    let backends: Vec<Value> = (0..3).map(backend).collect();
    let model = |id: &&str| json!({"id": id, "name": id, "input_price": 1, "output_price": 2, "backends": backends});
    let document = json!({
        "policies": (0..3).map(policy).collect::<Vec<_>>(),
        "models": MODELS.iter().map(model).collect::<Vec<_>>(),
        "settings": {"registration_enabled": false, "default_model": "glm"},
    });
    let admin = office.admin().await;
    let report = data(office.speaking(admin.post("/api/v1/admin/import").json(&document)), 200).await;
    assert_eq!(pick(&report, ["complete", "unchanged"]), json!([true, 0]), "{report}");
    assert_eq!(office.all(&admin, "/api/v1/admin/backends").await.len(), 12);
}

/// The person of this number: every third one is of the same department, whose first one is its manager.
fn email(number: usize) -> String {
    format!("person{number}@example.com")
}

async fn invite(office: &Office) {
    let line = |number: usize| {
        let role = if number < 3 { "manager" } else { "user" };
        let (email, department) = (email(number), DEPARTMENTS[number % 3]);
        format!(
            "{email},张三 {number},{role},{department},department-{}\r\n",
            number % 3
        )
    };
    let lines: String = (0..PEOPLE).map(line).collect();
    let file = format!("\u{feff}email,name,role,department,quota_policy\r\n{lines}");
    let admin = office.admin().await;
    let import = admin
        .post("/api/v1/admin/users/import")
        .header("content-type", "text/csv")
        .body(file);
    let report = data(office.speaking(import), 200).await;
    assert_eq!(
        pick(&report, ["created", "refused", "skipped"]),
        json!([PEOPLE, 0, 0]),
        "{report}"
    );
}

/// The id of a person, by the address.
async fn id_of(office: &Office, admin: &Client, email: &str) -> String {
    let found = data(admin.get(&format!("/api/v1/admin/users?q={email}")), 200).await;
    assert_eq!(
        found.as_array().unwrap().len(),
        1,
        "{} has one account",
        office.language
    );
    found[0]["id"].as_str().unwrap().to_owned()
}

/// Gives the person a password, and signs them in with it.
async fn with_password(office: &Office, number: usize, password: &str) -> Client {
    let admin = office.admin().await;
    let id = id_of(office, &admin, &email(number)).await;
    admin
        .change(&format!("/api/v1/admin/users/{id}"), &json!({"password": password}))
        .await;
    office.gateway.anybody().signed_in(&email(number), password).await
}

async fn managers_see_their_own(office: &Office) {
    let manager = with_password(office, 0, PASSWORD).await;
    let seen = office.all(&manager, "/api/v1/admin/users").await;
    // Themselves they do not administer.
    assert_eq!(seen.len(), PEOPLE.div_ceil(3) - 1);
    assert!(seen.iter().all(|person| person["department"] == DEPARTMENTS[0]));
    assert_eq!(status(manager.get("/api/v1/admin/models")).await, 403);
    let other = id_of(office, &office.admin().await, &email(1)).await;
    assert_eq!(status(manager.get(&format!("/api/v1/admin/users/{other}"))).await, 404);
}

/// Every backend of a model gets another key, and is called with it.
async fn rotate_a_key(office: &Office) {
    let admin = office.admin().await;
    let program = admin.create_key().await;
    for backend in data(admin.get("/api/v1/admin/models/kimi/backends"), 200)
        .await
        .as_array()
        .unwrap()
    {
        let path = format!("/api/v1/admin/backends/{}", backend["id"].as_str().unwrap());
        let shown = admin.change(&path, &json!({"api_key": "the-second-key"})).await;
        assert!(!shown.to_string().contains("key\":\"the"), "{shown}");
    }
    assert_eq!(status(program.chat("kimi")).await, 200);
    let sent: Vec<_> = office.providers.iter().flat_map(Provider::completions).collect();
    let keys: Vec<&str> = sent.iter().map(|request| request.header("authorization")).collect();
    assert_eq!(keys, ["Bearer the-second-key"]);
}

/// Thirty days: each day one person of each department asks each model.
async fn a_month_passes(office: &Office) {
    let mut programs = Vec::new();
    for number in 3..6 {
        programs.push(with_password(office, number, PASSWORD).await.create_key().await);
    }
    for _ in 0..30 {
        for program in &programs {
            for model in MODELS {
                assert_eq!(status(program.chat(model)).await, 200);
            }
        }
        office.clock.advance(DAY);
    }
    office.gateway.local().write_usage().await;
    office.clock.advance(Duration::from_hours(14));
    let late = programs[0].chat("glm").send().await.unwrap();
    assert_eq!(late.status(), 429, "half past ten in the evening is outside the hours");
    let late: Value = late.json().await.unwrap();
    assert_eq!(late["error"]["code"], "outside_available_hours");
    office.clock.advance(Duration::from_hours(10));
}

/// A month of a department, by the days of Beijing.
async fn report(office: &Office) {
    let admin = office.admin().await;
    let query = "from=2026-06-01&to=2026-06-30&timezone=Asia/Shanghai";
    let by_department = data(
        admin.get(&format!("/api/v1/admin/usage?{query}&group_by=department")),
        200,
    )
    .await;
    for department in DEPARTMENTS {
        let row = by_department
            .as_array()
            .unwrap()
            .iter()
            .find(|row| row["department"] == department);
        assert_eq!(row.unwrap()["requests"], 30 * MODELS.len(), "{by_department}");
    }
    let days = format!("/api/v1/admin/usage?{query}&group_by=day&department={}", DEPARTMENTS[0]);
    let days = data(admin.get(&days), 200).await;
    let names: BTreeSet<&str> = days
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["day"].as_str().unwrap())
        .collect();
    assert_eq!(names.len(), 30);
    assert!(
        names.contains("2026-06-01") && names.contains("2026-06-30"),
        "{names:?}"
    );
}

async fn a_password_is_lost(office: &Office) {
    let person = with_password(office, 7, PASSWORD).await;
    let again = with_password(office, 7, "another password, as long").await;
    assert_eq!(
        status(person.get("/api/v1/user/profile")).await,
        401,
        "sessions with the old one have ended"
    );
    assert_eq!(again.profile().await["email"], email(7));
}

/// A key stands in a public repository; only its beginning is told to the administrator.
async fn a_key_is_leaked(office: &Office) {
    let owner = with_password(office, 8, PASSWORD).await;
    let made = data(owner.post("/api/v1/user/keys").json(&json!({"name": "leaked"})), 201).await;
    let program = office.gateway.anybody().with(made["key"].as_str().unwrap());
    assert_eq!(status(program.chat("glm")).await, 200);
    let admin = office.admin().await;
    let prefix = made["key_prefix"].as_str().unwrap();
    let (person, key) = key_of(office, &admin, prefix).await;
    admin
        .change(
            &format!("/api/v1/admin/users/{person}/keys/{key}"),
            &json!({"enabled": false}),
        )
        .await;
    assert_eq!(status(program.chat("glm")).await, 401);
}

/// The owner and the id of the key that begins so.
async fn key_of(office: &Office, admin: &Client, prefix: &str) -> (String, String) {
    for person in office.all(admin, "/api/v1/admin/users").await {
        let person = person["id"].as_str().unwrap();
        let keys = data(admin.get(&format!("/api/v1/admin/users/{person}/keys")), 200).await;
        let found = keys.as_array().unwrap().iter().find(|key| key["key_prefix"] == prefix);
        if let Some(key) = found {
            return (person.to_owned(), key["id"].as_str().unwrap().to_owned());
        }
    }
    panic!("no key begins with {prefix}");
}

async fn a_backend_is_out(office: &Office) {
    let admin = office.admin().await;
    let refusing = Provider::always(Reply::error(401, &json!({"error": {"message": "no such key"}})));
    let backend = json!({"name": "refusing", "base_url": refusing.base_url(), "model_name": "m", "weight": 1000});
    let backend = admin.create("/api/v1/admin/models/qwen/backends", &backend).await;
    let program = admin.create_key().await;
    for _ in 0..5 {
        assert_eq!(status(program.chat("qwen")).await, 200, "another backend serves");
    }
    let path = format!("/api/v1/admin/backends/{}", backend["id"].as_str().unwrap());
    let shown = data(admin.get(&path), 200).await;
    assert_eq!(
        pick(&shown["health"], ["state", "reason"]),
        json!(["ejected", "credentials"])
    );
    let entry = json!({"id": backend["id"]});
    let trial = data(
        office.speaking(admin.post("/api/v1/admin/backends/test").json(&entry)),
        200,
    )
    .await;
    let failed = trial["steps"]
        .as_array()
        .unwrap()
        .iter()
        .find(|step| step["result"] == "fail")
        .unwrap();
    let advice = failed["advice"].as_str().unwrap();
    let is_chinese = advice.chars().any(|character| ('一'..='鿿').contains(&character));
    assert_eq!(is_chinese, office.language.starts_with("zh"), "{advice}");
}

async fn everything_is_told(office: &Office) {
    let admin = office.admin().await;
    let audit = office.all(&admin, "/api/v1/admin/audit").await;
    let actions: BTreeSet<&str> = audit.iter().map(|entry| entry["action"].as_str().unwrap()).collect();
    for action in [
        "user.create",
        "user.update",
        "policy.create",
        "model.create",
        "backend.create",
        "backend.update",
        "settings.update",
    ] {
        assert!(actions.contains(action), "{action} is none of {actions:?}");
    }
    assert!(!format!("{audit:?}").contains("the-second-key"));
}

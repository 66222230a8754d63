//! Budgets of departments and of the organisation, as people meet them.

use domain::clock::Clock;
use harness::Gateway;
use harness::client::{Client, data, pick, refusal, status};
use harness::provider::{Provider, Reply, openai};
use serde_json::{Value, json};

const DEPARTMENTS: &str = "/api/v1/admin/departments";
const ORGANISATION: &str = "/api/v1/admin/organisation";

struct Scene {
    _provider: Provider,
    gateway: Gateway,
}

impl Scene {
    /// It is Friday, 2026-11-27T10:00:00Z.
    async fn new() -> Self {
        let clock = Clock::fixed("2026-11-27T10:00:00Z".parse().unwrap());
        let provider = Provider::always(Reply::json(&openai::completion("Hello")));
        let gateway = Gateway::start_at(&clock).await.with_model("m", &provider).await;
        Self {
            _provider: provider,
            gateway,
        }
    }

    fn admin(&self) -> &Client {
        self.gateway.admin()
    }

    async fn program(&self, name: &str, department: Option<&str>) -> Client {
        let email = format!("{name}@example.com");
        let person = self
            .admin()
            .create_person(&email, json!({"department": department}))
            .await;
        person.create_key().await
    }

    async fn give(&self, department: &str, limits: Value) {
        let budget = json!({"name": department, "limits": limits});
        self.admin().create(DEPARTMENTS, &budget).await;
    }
}

async fn chat(program: &Client) -> u16 {
    status(program.chat("m")).await
}

fn requests(per: &str, amount: u64) -> Value {
    json!([{"what": "requests", "per": per, "amount": amount}])
}

#[tokio::test]
async fn p112_p115_people_of_a_department_share_its_budget_and_others_do_not() {
    let scene = Scene::new().await;
    scene.give("sales", requests("day", 3)).await;
    let [one, two] = [
        scene.program("a", Some("sales")).await,
        scene.program("b", Some("sales")).await,
    ];
    let other = scene.program("c", Some("law")).await;
    assert_eq!([chat(&one).await, chat(&two).await, chat(&one).await], [200, 200, 200]);
    for program in [&one, &two] {
        let refused = program.chat("m").send().await.unwrap();
        assert_eq!(refused.status(), 429);
        assert_eq!(refused.headers()["x-should-retry"], "false");
        let error = refused.json::<Value>().await.unwrap()["error"].clone();
        assert_eq!(
            pick(&error, ["code", "level", "limit", "resets_at"]),
            json!([
                "insufficient_quota",
                "department",
                "requests/day",
                "2026-11-28T00:00:00Z"
            ])
        );
        assert!(!error["message"].as_str().unwrap().contains("3 requests"), "{error}");
    }
    assert_eq!(program_in_anthropic(&one).await, "department");
    assert_eq!(chat(&other).await, 200);
    let raised = json!({"limits": requests("day", 4)});
    scene.admin().change(&format!("{DEPARTMENTS}/sales"), &raised).await;
    assert_eq!([chat(&two).await, chat(&one).await], [200, 429], "at once");
}

/// The level of the refusal in Anthropic's dialect.
async fn program_in_anthropic(program: &Client) -> String {
    let refused = program.message("m").send().await.unwrap();
    assert_eq!(refused.status(), 429);
    let body = refused.json::<Value>().await.unwrap();
    body["error"]["level"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn p112_what_others_hold_and_do_not_use_is_recalled() {
    let scene = Scene::new().await;
    // One request reserves some 4100 tokens and uses few of them: what it gives back stays with whoever has asked.
    let tokens = json!([{"what": "tokens", "per": "month", "amount": 9000}]);
    scene.give("sales", tokens).await;
    for name in ["a", "b", "c", "d"] {
        let program = scene.program(name, Some("sales")).await;
        assert_eq!(chat(&program).await, 200, "{name}");
    }
    let usage = scene
        .admin()
        .get("/api/v1/admin/budgets?level=department&account=sales");
    let usage = data(usage, 200).await[0].clone();
    let number = |member: &str| usage[member].as_u64().unwrap();
    assert_eq!(usage["limit"], "tokens/month");
    assert!(number("used") > 0 && number("lent") > 4000, "{usage}");
    assert_eq!((number("reserved"), number("left")), (0, 9000 - number("used")));
}

#[tokio::test]
async fn p112_the_organisation_limits_all_and_a_shadow_nobody() {
    let scene = Scene::new().await;
    let admin = scene.admin();
    admin
        .change(ORGANISATION, &json!({"limits": requests("month", 2)}))
        .await;
    scene.give("sales", requests("day", 100)).await;
    let [inside, outside] = [scene.program("a", Some("sales")).await, scene.program("b", None).await];
    assert_eq!([chat(&inside).await, chat(&outside).await], [200, 200]);
    assert_eq!([chat(&inside).await, chat(&outside).await], [429, 429]);
    admin.change(ORGANISATION, &json!({"mode": "shadow"})).await;
    assert_eq!([chat(&inside).await, chat(&outside).await], [200, 200]);
    let usage = data(admin.get("/api/v1/admin/budgets?level=organisation"), 200).await;
    assert_eq!(usage[0]["used"], 4, "it is counted");
    admin.change(ORGANISATION, &json!({"mode": "enforce"})).await;
    assert_eq!(chat(&outside).await, 429);
    admin.change(ORGANISATION, &json!({"limits": []})).await;
    assert_eq!(chat(&outside).await, 200);
}

#[tokio::test]
async fn p112_a_new_budget_begins_at_what_was_used_and_a_deleted_one_limits_nobody() {
    let scene = Scene::new().await;
    // Under a limit of its own a request is in the sums before its answer ends.
    let policy = json!({"request_quota_daily": 1000});
    scene.admin().change("/api/v1/admin/policies/default", &policy).await;
    let program = scene.program("a", Some("sales")).await;
    assert_eq!([chat(&program).await, chat(&program).await], [200, 200]);
    scene.give("sales", requests("week", 3)).await;
    assert_eq!([chat(&program).await, chat(&program).await], [200, 429]);
    let budget = format!("{DEPARTMENTS}/sales");
    assert_eq!(status(scene.admin().delete(&budget)).await, 200);
    assert_eq!(chat(&program).await, 200);
    assert_eq!(
        data(scene.admin().get(&budget), 200).await["version"],
        0,
        "it has people"
    );
}

#[tokio::test]
async fn p112_budgets_are_managed_objects() {
    let scene = Scene::new().await;
    let admin = scene.admin();
    scene.give("sales", requests("day", 3)).await;
    assert_eq!(
        refusal(admin.post(DEPARTMENTS).json(&json!({"name": "sales"})), 409).await,
        "conflict"
    );
    let rate = json!({"name": "law", "limits": requests("60s", 3)});
    assert_eq!(refusal(admin.post(DEPARTMENTS).json(&rate), 400).await, "invalid_value");
    let budget = format!("{DEPARTMENTS}/sales");
    let stale = admin.put(&budget).json(&json!({"mode": "shadow", "version": 7}));
    assert_eq!(refusal(stale, 409).await, "version_conflict");
    let renamed = admin.put(&budget).json(&json!({"name": "law"}));
    assert_eq!(refusal(renamed, 400).await, "invalid_value");
    assert_eq!(
        refusal(admin.get(&format!("{DEPARTMENTS}/nobody")), 404).await,
        "not_found"
    );
    let audit = data(admin.get("/api/v1/admin/audit?action=department.create"), 200).await;
    assert_eq!(audit[0]["target"], "sales");
}

#[tokio::test]
async fn p112_managers_see_the_budget_of_their_department() {
    let scene = Scene::new().await;
    scene.give("sales", requests("day", 3)).await;
    let manager = json!({"role": "manager", "department": "sales"});
    let manager = scene.admin().create_person("m@example.com", manager).await;
    let budget = format!("{DEPARTMENTS}/sales");
    assert_eq!(data(manager.get(&budget), 200).await["limits"], requests("day", 3));
    assert_eq!(
        data(manager.get(DEPARTMENTS), 200).await[0]["limits"],
        requests("day", 3)
    );
    for (path, seen) in [
        ("budgets?level=department&account=sales", 200),
        ("budgets?level=department&account=law", 404),
        ("budgets?level=organisation", 404),
        ("departments/law", 404),
    ] {
        assert_eq!(
            status(manager.get(&format!("/api/v1/admin/{path}"))).await,
            seen,
            "{path}"
        );
    }
    let own = data(manager.get("/api/v1/user/quota"), 200).await["levels"].clone();
    assert_eq!(
        own,
        json!([{"level": "department", "account": "sales",
                "limits": [{"name": "requests/day", "resets_at": "2026-11-28T00:00:00Z"}]}])
    );
}

#[tokio::test]
async fn p112_budgets_are_part_of_the_configuration() {
    let scene = Scene::new().await;
    let admin = scene.admin();
    let document = json!({
        "organisation": {"limits": [{"what": "cost", "per": "month", "amount": 500}]},
        "departments": [{"name": "sales", "timezone": "Asia/Shanghai", "limits": requests("day", 3)}, {"name": "law"}],
    });
    let import = |query: &str, document: Value| admin.post(&format!("/api/v1/admin/import{query}")).json(&document);
    let report = data(import("", document.clone()), 200).await;
    assert_eq!(
        (&report["complete"], report["changes"].as_array().unwrap().len()),
        (&json!(true), 3),
        "{report}"
    );
    assert_eq!(data(import("", document.clone()), 200).await["unchanged"], 3);
    let export = data(admin.get("/api/v1/admin/export"), 200).await;
    assert_eq!(data(import("", export.clone()), 200).await["changes"], json!([]));
    assert_eq!(export["departments"][1]["limits"], requests("day", 3));
    let without_law = json!({"departments": [document["departments"][0]]});
    let report = data(import("?prune=true", without_law), 200).await;
    assert_eq!(
        pick(&report["changes"][0], ["action", "object", "name", "status"]),
        json!(["delete", "department", "law", "done"])
    );
}

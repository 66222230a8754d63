//! A check holds at the write, in rounds of requests that are sent at the same moment (promise 61).

use futures_util::future::{join, join_all};
use harness::Gateway;
use harness::client::{Client, PASSWORD, data, status};
use reqwest::RequestBuilder;
use serde_json::{Value, json};

const ROUNDS: usize = 12;
const RESET: &str = "what the administrator has set";

fn change(person: &Client, old: &str, new: &str) -> RequestBuilder {
    person
        .put("/api/v1/user/password")
        .json(&json!({"old_password": old, "new_password": new}))
}

async fn can_log_in(gateway: &Gateway, email: &str, password: &str) -> bool {
    let login = gateway
        .post("/api/v1/auth/login")
        .json(&json!({"email": email, "password": password}));
    status(login).await == 200
}

#[tokio::test]
async fn p61_ha5_a_password_change_does_not_undo_an_administrators_reset() {
    let gateway = Gateway::start().await;
    for round in 0..ROUNDS {
        let email = format!("a{round}@example.com");
        let person = gateway.admin().create_person(&email, json!({})).await;
        let reset = gateway
            .admin()
            .put(&person.account_path().await)
            .json(&json!({"password": RESET}));
        let (changed, reset) = join(
            status(change(&person, PASSWORD, "what the person has chosen")),
            status(reset),
        )
        .await;
        assert_eq!(reset, 200, "round {round}");
        assert!([200, 401].contains(&changed), "round {round}: {changed}");
        assert!(
            can_log_in(&gateway, &email, RESET).await,
            "round {round}: the reset was undone"
        );
        assert!(
            !can_log_in(&gateway, &email, "what the person has chosen").await,
            "round {round}"
        );
    }
}

#[tokio::test]
async fn ha5_of_two_changes_with_one_old_password_one_succeeds() {
    let gateway = Gateway::start().await;
    for round in 0..ROUNDS {
        let email = format!("a{round}@example.com");
        let person = gateway.admin().create_person(&email, json!({})).await;
        let new = ["the first new password", "the second new password"];
        let changes = join_all(new.map(|new| status(change(&person, PASSWORD, new)))).await;
        assert_eq!(
            changes.iter().filter(|status| **status == 200).count(),
            1,
            "round {round}: {changes:?}"
        );
        let winner = usize::from(changes[0] != 200);
        assert!(can_log_in(&gateway, &email, new[winner]).await, "round {round}");
    }
}

#[tokio::test]
async fn ha5_an_administrator_who_is_demoted_changes_nothing_more() {
    let gateway = Gateway::start().await;
    for round in 0..ROUNDS {
        let admin = gateway
            .admin()
            .create_person(&format!("a{round}@example.com"), json!({"role": "admin"}))
            .await;
        let demotion = gateway
            .admin()
            .put(&admin.account_path().await)
            .json(&json!({"role": "user"}));
        let policies = (0..4).map(|number| {
            let policy = json!({"name": format!("p{round}-{number}")});
            status(admin.post("/api/v1/admin/policies").json(&policy))
        });
        let (demoted, made) = join(status(demotion), join_all(policies)).await;
        assert_eq!(demoted, 200);
        assert!(
            made.iter().all(|status| [201, 401].contains(status)),
            "round {round}: {made:?}"
        );
        let late = admin
            .post("/api/v1/admin/policies")
            .json(&json!({"name": format!("late{round}")}));
        assert_eq!(status(late).await, 401);
        in_the_trail_before_the_demotion(&gateway, &admin).await;
    }
}

/// All that the administrator has made was made before the demotion: the trail has the order of the writes.
async fn in_the_trail_before_the_demotion(gateway: &Gateway, admin: &Client) {
    let signed_in = gateway
        .admin()
        .get("/api/v1/admin/audit?action=policy.create&limit=200");
    let made: Value = data(signed_in, 200).await;
    let listed = data(gateway.admin().get("/api/v1/admin/policies"), 200).await;
    let late = listed
        .as_array()
        .unwrap()
        .iter()
        .filter(|policy| policy["name"].as_str().unwrap().starts_with("late"));
    assert_eq!(late.count(), 0, "{admin:?} {made}");
}

#[tokio::test]
async fn ha5_who_is_disabled_makes_no_key_and_keeps_no_session() {
    let gateway = Gateway::start().await;
    for round in 0..ROUNDS {
        let person = gateway
            .admin()
            .create_person(&format!("a{round}@example.com"), json!({}))
            .await;
        let disable = gateway
            .admin()
            .put(&person.account_path().await)
            .json(&json!({"status": "disabled"}));
        let keys = (0..4).map(|_| status(person.post("/api/v1/user/keys").json(&json!({"name": "k"}))));
        let (disabled, made) = join(status(disable), join_all(keys)).await;
        assert_eq!(disabled, 200);
        assert!(
            made.iter().all(|status| [201, 401, 409].contains(status)),
            "round {round}: {made:?}"
        );
        for late in [
            person.post("/api/v1/user/keys").json(&json!({"name": "k"})),
            change(&person, PASSWORD, "a later password"),
        ] {
            assert_eq!(status(late).await, 401, "round {round}");
        }
    }
}

fn backend(name: &str) -> Value {
    json!({"name": name, "base_url": "http://127.0.0.1:9", "model_name": "m"})
}

#[tokio::test]
async fn p74_ha16_a_model_that_goes_leaves_no_backend_behind() {
    let gateway = Gateway::start().await;
    let admin = gateway.admin();
    for round in 0..ROUNDS {
        let id = format!("m{round}");
        admin
            .create("/api/v1/admin/models", &json!({"id": id, "name": id}))
            .await;
        let add = admin
            .post(&format!("/api/v1/admin/models/{id}/backends"))
            .json(&backend("b"));
        let delete = admin.delete(&format!("/api/v1/admin/models/{id}?cascade=true"));
        let (added, deleted) = join(status(add), status(delete)).await;
        assert!([201, 404].contains(&added), "round {round}: {added}");
        assert_eq!(deleted, 200, "round {round}");
    }
    let left = data(admin.get("/api/v1/admin/backends"), 200).await;
    assert_eq!(left, json!([]), "an orphan");
    // A model that comes back under the id has no backends of the one before.
    admin
        .create("/api/v1/admin/models", &json!({"id": "m0", "name": "m0"}))
        .await;
    assert_eq!(
        data(admin.get("/api/v1/admin/models/m0/backends"), 200).await,
        json!([])
    );
}

#[tokio::test]
async fn p74_ha16_of_two_models_one_gets_the_alias() {
    let gateway = Gateway::start().await;
    let admin = gateway.admin();
    for round in 0..ROUNDS {
        let alias = format!("alias{round}");
        let create = |id: &str| {
            let model = json!({"id": format!("{id}{round}"), "name": id, "aliases": [alias]});
            status(admin.post("/api/v1/admin/models").json(&model))
        };
        let (one, other, named) = (create("a"), create("b"), json!({"id": alias, "name": "itself"}));
        let itself = status(admin.post("/api/v1/admin/models").json(&named));
        let mut statuses = join_all([
            Box::pin(one) as std::pin::Pin<Box<dyn Future<Output = u16>>>,
            Box::pin(other),
            Box::pin(itself),
        ])
        .await;
        statuses.sort_unstable();
        assert_eq!(statuses, [201, 409, 409], "round {round}");
    }
}

#[tokio::test]
async fn p74_ha16_a_model_gets_no_more_backends_than_it_may_have() {
    let gateway = Gateway::start().await;
    let admin = gateway.admin();
    admin
        .create("/api/v1/admin/models", &json!({"id": "m", "name": "m"}))
        .await;
    let add = |number: usize| {
        let name = format!("b{number}");
        status(admin.post("/api/v1/admin/models/m/backends").json(&backend(&name)))
    };
    let statuses = join_all((0..24).map(add)).await;
    assert_eq!(
        statuses.iter().filter(|status| **status == 201).count(),
        20,
        "{statuses:?}"
    );
    assert!(
        statuses.iter().all(|status| [201, 409].contains(status)),
        "{statuses:?}"
    );
}

#[tokio::test]
async fn p74_ha16_a_user_who_goes_leaves_no_key_behind() {
    let gateway = Gateway::start().await;
    for round in 0..ROUNDS {
        let person = gateway
            .admin()
            .create_person(&format!("k{round}@example.com"), json!({}))
            .await;
        let path = person.account_path().await;
        let request = person.post("/api/v1/user/keys").json(&json!({"name": "late"}));
        let (made, deleted) = join(request.send(), status(gateway.admin().delete(&path))).await;
        assert_eq!(deleted, 200, "round {round}");
        let made: Value = made.unwrap().json().await.unwrap();
        if let Some(key) = made["data"]["key"].as_str() {
            assert_eq!(
                status(gateway.anybody().with(key).get("/v1/models")).await,
                401,
                "round {round}"
            );
        }
    }
}

//! Roles: whom a manager may see and change, and that an administrator remains.

use futures_util::future::join_all;
use harness::Gateway;
use harness::client::{PASSWORD, data, refusal};
use serde_json::json;

use super::{USERS, create, list, path};

#[tokio::test]
async fn p39_a_manager_works_in_the_own_department_only() {
    let gateway = Gateway::start().await;
    let admin = gateway.admin();
    let boss = json!({"role": "manager", "department": "sales"});
    let manager = admin.create_person("boss@example.com", boss.clone()).await;
    let own = json!({"department": "sales", "status": "pending"});
    let own = create(admin, "own@example.com", own).await;
    let peer = create(admin, "peer@example.com", boss).await;
    let other = create(admin, "other@example.com", json!({"department": "research"})).await;
    let chief = json!({"department": "sales", "role": "admin"});
    let chief = create(admin, "chief@example.com", chief).await;

    assert_eq!(list(&manager, "").await, (vec!["own@example.com".to_owned()], None));
    assert_eq!(list(&manager, "?department=research").await.0, Vec::<String>::new());
    let approved = manager.change(&path(&own), &json!({"status": "active"})).await;
    assert_eq!(approved["status"], "active");
    for forbidden in [
        json!({"role": "manager"}),
        json!({"department": "research"}),
        json!({"password": "a new long password"}),
        json!({"status": "disabled", "quota_policy": "default", "name": "Renamed"}),
    ] {
        let attempt = manager.put(&path(&own)).json(&forbidden);
        assert_eq!(refusal(attempt, 403).await, "forbidden", "{forbidden}");
    }
    let myself = json!({"id": manager.profile().await["id"]});
    for unseen in [&peer, &other, &chief, &myself] {
        let attempt = manager.put(&path(unseen)).json(&json!({"status": "disabled"}));
        assert_eq!(refusal(attempt, 404).await, "not_found", "{unseen}");
    }
    assert_eq!(refusal(manager.delete(&path(&own)), 403).await, "forbidden");
    assert_eq!(refusal(manager.post(USERS).json(&json!({})), 403).await, "forbidden");
}

#[tokio::test]
async fn p15_the_last_active_admin_stays() {
    let gateway = Gateway::start().await;
    let admin = gateway.admin();
    let own = path(&admin.profile().await);
    for change in [
        json!({"role": "user"}),
        json!({"role": "manager"}),
        json!({"status": "disabled"}),
        json!({"status": "pending"}),
    ] {
        assert_eq!(
            refusal(admin.put(&own).json(&change), 409).await,
            "last_admin",
            "{change}"
        );
    }
    assert_eq!(refusal(admin.delete(&own), 409).await, "last_admin");
    // Those who are not active do not count.
    create(
        admin,
        "disabled@example.com",
        json!({"role": "admin", "status": "disabled"}),
    )
    .await;
    assert_eq!(refusal(admin.delete(&own), 409).await, "last_admin");
    let second = json!({"role": "admin", "password": PASSWORD});
    let second = create(admin, "second@example.com", second).await;
    data(admin.put(&path(&second)).json(&json!({"role": "user"})), 200).await;
    assert_eq!(refusal(admin.delete(&own), 409).await, "last_admin");
    data(admin.put(&path(&second)).json(&json!({"role": "admin"})), 200).await;
    assert_eq!(admin.delete(&own).send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn p15_two_admins_who_demote_each_other_leave_one() {
    let gateway = Gateway::start().await;
    let one = gateway
        .admin()
        .create_person("one@example.com", json!({"role": "admin"}))
        .await;
    let two = gateway
        .admin()
        .create_person("two@example.com", json!({"role": "admin"}))
        .await;
    let (one_path, two_path) = (path(&one.profile().await), path(&two.profile().await));
    let third = path(&gateway.admin().profile().await);
    assert_eq!(
        one.delete(&third).send().await.unwrap().status(),
        200,
        "so that only the two are left"
    );
    let demote = json!({"role": "user"});
    let both = join_all([
        one.put(&two_path).json(&demote).send(),
        two.put(&one_path).json(&demote).send(),
    ])
    .await;
    let statuses: Vec<u16> = both
        .into_iter()
        .map(|answer| answer.unwrap().status().as_u16())
        .collect();
    assert_eq!(
        statuses.iter().filter(|status| **status == 200).count(),
        1,
        "{statuses:?}"
    );
    let left = if statuses[0] == 200 { one } else { two };
    assert_eq!(
        list(&left, "?role=admin").await.0,
        [left.profile().await["email"].as_str().unwrap()]
    );
}

//! Accounts that older versions have written.

use aws_sdk_dynamodb::Client as Database;
use aws_sdk_dynamodb::types::AttributeValue;
use harness::Gateway;
use harness::client::{Client, PASSWORD, data, refusal, status};
use harness::identity_provider::{Begun, IdentityProvider, SigningKey};
use serde_json::{Value, json};

const USERS: &str = "/api/v1/admin/users";
const COMPOSED: &str = "jos\u{e9}@example.com";
const APART: &str = "jose\u{301}@example.com";

/// A gateway, and its table of accounts.
struct Older {
    gateway: Gateway,
    database: Database,
    users: String,
}

impl Older {
    async fn start() -> Self {
        let gateway = Gateway::start_with_database().await;
        let database = gateway.database();
        let tables = database.list_tables().send().await.unwrap().table_names.unwrap();
        let users = tables.into_iter().find(|name| name.ends_with("users")).unwrap();
        Self {
            gateway,
            database,
            users,
        }
    }

    fn admin(&self) -> &Client {
        self.gateway.admin()
    }

    /// An account of the tests, by its address.
    async fn account(&self, email: &str) -> Value {
        let accounts = data(self.admin().get(USERS), 200).await;
        let accounts = accounts.as_array().unwrap();
        accounts.iter().find(|user| user["email"] == email).unwrap().clone()
    }

    /// An account without a password: its path.
    async fn create(&self, email: &str, role: &str) -> String {
        let account = json!({"email": email, "name": "A Person", "role": role});
        let made = data(self.admin().post(USERS).json(&account), 201).await;
        path(&made)
    }

    /// Takes the attribute away that older versions did not write.
    async fn forget_has_password(&self, email: &str) {
        let id = self.account(email).await["id"].as_str().unwrap().to_owned();
        let update = self.database.update_item().table_name(&self.users);
        let update = update.key("pk", text("users")).key("sk", text(&format!("user#{id}")));
        let update = update.update_expression("REMOVE has_password");
        update.send().await.unwrap();
    }

    /// Gives an account its address as it was typed, as older versions did.
    async fn write_address(&self, from: &str, to: &str) {
        let id = self.account(from).await["id"].as_str().unwrap().to_owned();
        let (account, address) = (format!("user#{id}"), |email: &str| text(&format!("email#{email}")));
        let update = self.database.update_item().table_name(&self.users);
        let update = update.key("pk", text("users")).key("sk", text(&account));
        let update = update.update_expression("SET email = :email");
        update
            .expression_attribute_values(":email", text(to))
            .send()
            .await
            .unwrap();
        let holder = self.database.delete_item().table_name(&self.users);
        let holder = holder.key("pk", address(from)).key("sk", text("email"));
        holder.send().await.unwrap();
        let holder = self.database.put_item().table_name(&self.users);
        let holder = holder.item("pk", address(to)).item("sk", text("email"));
        holder.item("user", text(&id)).send().await.unwrap();
    }

    async fn log_in(&self, email: &str) -> u16 {
        let login = json!({"email": email, "password": PASSWORD});
        status(self.gateway.post("/api/v1/auth/login").json(&login)).await
    }
}

fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

fn path(account: &Value) -> String {
    format!("{USERS}/{}", account["id"].as_str().unwrap())
}

#[tokio::test]
async fn p84_of_an_older_account_it_is_told_whether_it_has_a_password() {
    let older = Older::start().await;
    let _ = older.admin().create_person("with@example.com", json!({})).await;
    let without = older.create("without@example.com", "user").await;
    for (email, is_set) in [("with@example.com", true), ("without@example.com", false)] {
        older.forget_has_password(email).await;
        assert_eq!(older.account(email).await["has_password"], is_set, "{email}: listed");
        let path = path(&older.account(email).await);
        older.forget_has_password(email).await;
        let shown = data(older.admin().get(&path), 200).await;
        assert_eq!(shown["has_password"], is_set, "{email}: shown");
        older.forget_has_password(email).await;
        let changed = data(older.admin().put(&path).json(&json!({"name": "Another"})), 200).await;
        assert_eq!(changed["has_password"], is_set, "{email}: changed");
    }
    assert_eq!(older.log_in("with@example.com").await, 200, "the hash is as it was");
    older.forget_has_password("without@example.com").await;
    assert_eq!(status(older.admin().delete(&without)).await, 200);
    // The own account, by whoever may read the hash.
    older.forget_has_password(harness::ADMIN_EMAIL).await;
    assert_eq!(older.admin().profile().await["has_password"], true);
}

#[tokio::test]
async fn p84_an_older_administrator_without_a_password_is_no_way_in() {
    let older = Older::start().await;
    let _ = older.create("sso@example.com", "admin").await;
    older.forget_has_password("sso@example.com").await;
    let own = older.admin().account_path().await;
    let clear = || older.admin().put(&own).json(&json!({"password": null}));
    assert_eq!(refusal(clear(), 409).await, "last_admin");
    // One with a password is a way in, however old.
    let _ = older
        .admin()
        .create_person("second@example.com", json!({"role": "admin"}))
        .await;
    older.forget_has_password("second@example.com").await;
    assert_eq!(status(clear()).await, 200);
}

#[tokio::test]
async fn p84_an_older_account_without_a_password_is_linked() {
    let older = Older::start().await;
    let (provider, key) = (IdentityProvider::start(), SigningKey::generate("one"));
    provider.configure(&older.gateway, &json!({})).await;
    provider.will_introduce_itself(&key);
    let account = older.create("person@example.com", "user").await;
    older.forget_has_password("person@example.com").await;
    let begun = Begun::at(&older.gateway).await;
    provider.will_vouch(&begun, &key, &json!({}));
    assert_eq!(begun.come_back(&older.gateway, "").await.status(), 200);
    let linked = data(older.admin().get(&account), 200).await;
    assert_eq!(linked["identity"]["subject"], "subject-1");
}

#[tokio::test]
async fn p84_an_address_that_was_kept_with_its_accents_apart_is_found() {
    let older = Older::start().await;
    let _ = older.admin().create_person(COMPOSED, json!({})).await;
    older.write_address(COMPOSED, APART).await;
    for written in [COMPOSED, APART, "JOS\u{c9}@example.com"] {
        assert_eq!(older.log_in(written).await, 200, "{}", written.escape_unicode());
        let another = json!({"email": written, "name": "Another", "role": "user"});
        let code = refusal(older.admin().post(USERS).json(&another), 409).await;
        assert_eq!(code, "conflict", "{}", written.escape_unicode());
    }
    // Written anew, it is kept as today.
    let account = path(&older.account(APART).await);
    data(older.admin().put(&account).json(&json!({"email": COMPOSED})), 200).await;
    assert_eq!(older.account(COMPOSED).await["email"], COMPOSED);
    assert_eq!(older.log_in(APART).await, 200);
    older.write_address(COMPOSED, APART).await;
    assert_eq!(status(older.admin().delete(&account)).await, 200);
    older.create(COMPOSED, "user").await;
}

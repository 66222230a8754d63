//! Every route with every wrong credential, walked from the tables that the routers are built from (promises 11 to 14).

use domain::models::user::Role;
use harness::Gateway;
use harness::client::{Client, refusal};
use harness::routes::{example, tables};
use reqwest::{RequestBuilder, StatusCode};
use serde_json::json;
use service::http::routes::{Access, Row};

fn rows() -> impl Iterator<Item = Row> {
    tables().into_iter().flat_map(|(_, rows)| rows)
}

fn call(client: &Client, row: &Row) -> RequestBuilder {
    client.request(row.method.clone(), &example(row.path))
}

async fn status(request: RequestBuilder) -> StatusCode {
    request.send().await.unwrap().status()
}

#[tokio::test]
async fn p11_without_a_credential_only_open_routes_answer() {
    let gateway = Gateway::start().await;
    let mut open = Vec::new();
    for row in rows() {
        match row.access {
            Access::Anyone => open.push(format!("{} {}", row.method, row.path)),
            Access::Session(_) | Access::ApiKey => {
                assert_eq!(
                    status(call(&gateway.anybody(), &row)).await,
                    401,
                    "{} {}",
                    row.method,
                    row.path
                );
            }
        }
    }
    open.retain(|route| route.contains("/api/v1"));
    open.sort();
    let expected = [
        "GET /api/v1/auth/options",
        "GET /api/v1/auth/sso/callback",
        "GET /api/v1/auth/sso/login",
        "POST /api/v1/auth/login",
        "POST /api/v1/auth/register",
        "POST /api/v1/auth/setup",
        "POST /api/v1/auth/sso/token",
    ];
    assert_eq!(open, expected, "nothing else is open");
}

#[tokio::test]
async fn p12_the_wrong_kind_of_credential_opens_nothing() {
    let gateway = Gateway::start().await;
    let program = gateway.program().await;
    for row in rows() {
        let wrong = match row.access {
            Access::Anyone => continue,
            Access::Session(_) => &program,
            Access::ApiKey => gateway.admin(),
        };
        assert_eq!(status(call(wrong, &row)).await, 401, "{} {}", row.method, row.path);
    }
}

#[tokio::test]
async fn p12_a_credential_opens_nothing_where_no_credential_is_read() {
    let gateway = Gateway::start().await;
    let (anybody, program) = (gateway.anybody(), gateway.program().await);
    for row in rows() {
        let right = match row.access {
            Access::Anyone => continue,
            Access::Session(_) => gateway.admin(),
            Access::ApiKey => &program,
        };
        let (place, secret) = (format!("{} {}", row.method, row.path), right.credential());
        let query = format!("token={secret}&api_key={secret}&access_token={secret}");
        let path = format!("{}?{query}", example(row.path));
        let request = || call(&anybody, &row);
        for hidden in [
            anybody.request(row.method.clone(), &path),
            request().header("cookie", format!("token={secret}; session={secret}")),
            request().header("authorization", secret),
            request().header("authorization", format!("Basic {secret}")),
            request()
                .header("x-forwarded-user", "admin")
                .header("x-user-id", "admin"),
            request().json(&json!({"token": secret, "api_key": secret})),
        ] {
            assert_eq!(status(hidden).await, 401, "{place}");
        }
        if row.access != Access::ApiKey {
            let session = request().header("x-api-key", secret);
            assert_eq!(status(session).await, 401, "{place}");
        }
        let twice = call(right, &row).header("authorization", format!("Bearer {secret}"));
        assert_eq!(status(twice).await, 400, "{place}: two headers");
    }
}

#[tokio::test]
async fn p12_two_different_credentials_are_refused_and_a_key_may_come_in_either_header() {
    let gateway = Gateway::start().await;
    let (one, two) = (gateway.program().await, gateway.program().await);
    assert_eq!(
        status(
            gateway
                .anybody()
                .get("/v1/models")
                .header("x-api-key", one.credential())
        )
        .await,
        200
    );
    assert_eq!(
        status(one.get("/v1/models").header("x-api-key", one.credential())).await,
        200
    );
    assert_eq!(
        status(one.get("/v1/models").header("x-api-key", two.credential())).await,
        401
    );
}

/// What managers may call of the administrators' routes.
const OF_MANAGERS: [&str; 16] = [
    "GET /api/v1/admin/users",
    "GET /api/v1/admin/users/{id}",
    "PUT /api/v1/admin/users/{id}",
    "POST /api/v1/admin/users/bulk",
    "GET /api/v1/admin/users/{id}/keys",
    "GET /api/v1/admin/sign-ins",
    "GET /api/v1/admin/sign-ins/{id}",
    "DELETE /api/v1/admin/sign-ins/{id}",
    "DELETE /api/v1/admin/users/{id}/sign-ins",
    "GET /api/v1/admin/users/{id}/quota",
    "GET /api/v1/admin/departments",
    "GET /api/v1/admin/departments/{name}",
    "GET /api/v1/admin/budgets",
    "GET /api/v1/admin/overview",
    "GET /api/v1/admin/usage",
    "GET /api/v1/admin/logs",
];

#[tokio::test]
async fn p11_everybody_else_is_refused_where_a_role_is_asked_for() {
    let gateway = Gateway::start().await;
    let user = gateway
        .admin()
        .create_person("user@example.com", json!({"department": "sales"}))
        .await;
    let manager = gateway
        .admin()
        .create_person("manager@example.com", json!({"role": "manager", "department": "sales"}))
        .await;
    for row in rows() {
        let Access::Session(needed) = row.access else { continue };
        for (person, role) in [(&user, Role::User), (&manager, Role::Manager)] {
            if role < needed {
                assert_eq!(
                    refusal(call(person, &row), 403).await,
                    "forbidden",
                    "{role:?} {} {}",
                    row.method,
                    row.path
                );
            }
        }
    }
    let admins_only = rows().filter(|row| row.path.starts_with("/api/v1/admin/"));
    let below_admin: Vec<String> = admins_only
        .filter(|row| row.access != Access::Session(Role::Admin))
        .map(|row| format!("{} {}", row.method, row.path))
        .collect();
    assert_eq!(below_admin, OF_MANAGERS, "what managers may call");
}

#[tokio::test]
async fn p14_anothers_id_names_nothing() {
    let gateway = Gateway::start().await;
    let owner = gateway.admin().create_person("owner@example.com", json!({})).await;
    let other = gateway.admin().create_person("other@example.com", json!({})).await;
    let key = owner.post("/api/v1/user/keys").json(&json!({"name": "mine"}));
    let id = harness::client::data(key, 201).await["id"].as_str().unwrap().to_owned();
    for row in rows().filter(|row| row.path.starts_with("/api/v1/user/") && row.path.contains('{')) {
        let path = row.path.replace("{id}", &id);
        let request = other.request(row.method.clone(), &path).json(&json!({}));
        assert_eq!(refusal(request, 404).await, "not_found", "{} {path}", row.method);
    }
}

#[tokio::test]
async fn p13_paths_are_taken_as_they_are() {
    let gateway = Gateway::start().await;
    for path in [
        "/API/v1/user/profile",
        "/api/v1/user/profile/",
        "/api/v1//user/profile",
        "/api/v1/user%2Fprofile",
        "/api/v1/admin/../user/profile2",
    ] {
        assert_eq!(status(gateway.admin().get(path)).await, 404, "{path}");
    }
    for (header, value) in [
        ("x-original-url", "/api/v1/admin/users"),
        ("x-http-method-override", "DELETE"),
        ("x-forwarded-host", "evil"),
    ] {
        let profile = gateway.admin().get("/api/v1/user/profile").header(header, value);
        assert_eq!(harness::client::data(profile, 200).await["role"], "admin");
    }
    assert_eq!(
        refusal(gateway.admin().post("/api/v1/user/profile"), 405).await,
        "method_not_allowed"
    );
}

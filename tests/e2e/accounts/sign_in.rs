//! Sign-in: wrong passwords, guessing, and many logins at the same moment.

use futures_util::future::join_all;
use harness::client::{PASSWORD, data, data_of, refusal};
use harness::{ADMIN_EMAIL, ADMIN_PASSWORD, Gateway};
use serde_json::{Value, json};

use super::{login, register};

#[tokio::test]
async fn p3_a_wrong_pair_is_one_answer_whatever_is_wrong() {
    let gateway = Gateway::start().await;
    register(&gateway, "pending@example.com").await;
    let without_password = json!({"email": "sso@example.com", "name": "By SSO", "role": "user"});
    data(gateway.admin().post("/api/v1/admin/users").json(&without_password), 201).await;
    let mut answers = Vec::new();
    for email in [
        "nobody@example.com",
        "pending@example.com",
        "sso@example.com",
        ADMIN_EMAIL,
        "not an address",
    ] {
        for password in ["wrong", "", &"x".repeat(10_000)] {
            let answer = gateway
                .post("/api/v1/auth/login")
                .json(&login(email, password))
                .send()
                .await
                .unwrap();
            assert_eq!(answer.status(), 401);
            let mut body: Value = answer.json().await.unwrap();
            body["error"]["request_id"].take();
            answers.push(body);
        }
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:?}");
}

#[tokio::test]
async fn p4_the_eleventh_guess_is_refused_even_with_the_right_password() {
    let gateway = Gateway::start().await;
    gateway.admin().create_person("a@example.com", json!({})).await;
    for email in ["A@example.com", "nobody@example.com"] {
        for _ in 0..10 {
            let guess = gateway.post("/api/v1/auth/login").json(&login(email, "wrong password"));
            assert_eq!(refusal(guess, 401).await, "invalid_credentials");
        }
        let right = gateway
            .post("/api/v1/auth/login")
            .json(&login(email, PASSWORD))
            .send()
            .await
            .unwrap();
        assert_eq!(right.status(), 429, "{email}");
        let seconds: u64 = right.headers()["retry-after"].to_str().unwrap().parse().unwrap();
        assert!((800..=930).contains(&seconds), "{seconds}");
    }
    gateway.admin().create_person("b@example.com", json!({})).await;
}

#[tokio::test]
async fn p4_parallel_guesses_get_no_more_tries() {
    let gateway = Gateway::start().await;
    let guesses = (0..40).map(|_| {
        gateway
            .post("/api/v1/auth/login")
            .json(&login("a@example.com", "wrong password"))
            .send()
    });
    let statuses: Vec<u16> = join_all(guesses)
        .await
        .into_iter()
        .map(|answer| answer.unwrap().status().as_u16())
        .collect();
    let judged = statuses.iter().filter(|status| **status == 401).count();
    assert!(judged <= 10, "{statuses:?}");
    assert!(
        statuses.iter().all(|status| [401, 429, 503].contains(status)),
        "{statuses:?}"
    );
}

#[tokio::test]
async fn p4_a_success_clears_the_count() {
    let gateway = Gateway::start().await;
    gateway.admin().create_person("a@example.com", json!({})).await;
    for _ in 0..3 {
        for _ in 0..9 {
            let guess = gateway
                .post("/api/v1/auth/login")
                .json(&login("a@example.com", "wrong password"));
            refusal(guess, 401).await;
        }
        gateway
            .anybody()
            .signed_in("a@example.com", PASSWORD)
            .await
            .profile()
            .await;
    }
}

/// Those who wait longer than two seconds for their turn are turned away with 503, nobody otherwise (promise 2).
#[tokio::test]
async fn p2_sixty_four_people_sign_in_at_once() {
    let gateway = Gateway::start().await;
    let emails: Vec<String> = (0..64).map(|number| format!("person{number}@example.com")).collect();
    let csv = emails.iter().fold("email,name,password\n".to_owned(), |csv, email| {
        format!("{csv}{email},A Person,{PASSWORD}\n")
    });
    let import = gateway
        .admin()
        .post("/api/v1/admin/users/import")
        .header("content-type", "text/csv")
        .body(csv);
    let report = data(import, 200).await;
    // A busy machine does not hash 64 passwords within the time of one import: the rest of the lines is left.
    let created = |line: &Value| (line["status"] == "created").then(|| line["email"].as_str().unwrap().to_owned());
    let emails: Vec<String> = report["lines"].as_array().unwrap().iter().filter_map(created).collect();
    assert_eq!(
        emails.len() + usize::try_from(report["skipped"].as_u64().unwrap()).unwrap(),
        64
    );
    let logins = emails
        .iter()
        .map(|email| gateway.post("/api/v1/auth/login").json(&login(email, PASSWORD)).send());
    let mut opened = 0;
    for (answer, email) in join_all(logins).await.into_iter().zip(&emails) {
        let answer = answer.unwrap();
        if answer.status() == 503 {
            assert!(answer.headers().contains_key("retry-after"));
            continue;
        }
        let session = data_of(answer, 200).await;
        assert_eq!(session["user"]["email"], *email);
        assert_eq!(
            gateway
                .anybody()
                .with(session["token"].as_str().unwrap())
                .profile()
                .await["email"],
            *email
        );
        opened += 1;
    }
    assert!(opened > 0);
}

#[tokio::test]
async fn sixty_four_logins_of_one_person_are_right_or_too_many() {
    let gateway = Gateway::start().await;
    let own = (0..64).map(|_| {
        gateway
            .post("/api/v1/auth/login")
            .json(&login(ADMIN_EMAIL, ADMIN_PASSWORD))
            .send()
    });
    let statuses: Vec<u16> = join_all(own)
        .await
        .into_iter()
        .map(|answer| answer.unwrap().status().as_u16())
        .collect();
    assert!(statuses.contains(&200), "{statuses:?}");
    assert!(
        statuses.iter().all(|status| [200, 429, 503].contains(status)),
        "{statuses:?}"
    );
    gateway
        .anybody()
        .signed_in(ADMIN_EMAIL, ADMIN_PASSWORD)
        .await
        .profile()
        .await;
}

//! The people of the demo: accounts, with a key for each program that they use.

use domain::access::api_key::MintedKey;
use domain::models::api_key::ApiKey;
use domain::models::usage::{ClientKind, Endpoint};
use domain::models::user::{Password, PasswordHash, Role, Status, User};
use domain::models::{DisplayName, Email, KeyId, PolicyName};
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use service::store::Store;

use super::trail::{by, unnamed};
use crate::demo_error::DemoError;

/// The days of traffic.
pub(super) const DAYS: i64 = 30;
/// The time since all keys were last used.
const LAST_USE: SignedDuration = SignedDuration::from_mins(95);

/// A person, and how the person works.
#[derive(Debug)]
pub(super) struct Habit {
    name: &'static str,
    address: &'static str,
    department: &'static str,
    policy: &'static str,
    role: Role,
    pub(super) program: Program,
    /// Requests on a working day.
    pub(super) busy: u64,
    /// The hour in UTC at which the working day begins.
    pub(super) begins: i64,
    /// Models with how often each is used.
    pub(super) models: &'static [(&'static str, u64)],
    /// Days since the account was made.
    days: i64,
}

/// The program that a person's requests come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Program {
    ClaudeCode,
    Opencode,
    OpenAi,
    Langchain,
}

impl Program {
    pub(super) fn client(self) -> ClientKind {
        match self {
            Self::ClaudeCode => ClientKind::ClaudeCode,
            Self::Opencode => ClientKind::Opencode,
            Self::OpenAi => ClientKind::OpenaiSdk,
            Self::Langchain => ClientKind::Langchain,
        }
    }

    pub(super) fn endpoint(self) -> Endpoint {
        match self {
            Self::ClaudeCode => Endpoint::Messages,
            Self::Opencode | Self::OpenAi | Self::Langchain => Endpoint::ChatCompletions,
        }
    }

    /// True if it sends long conversations again and again.
    pub(super) fn is_agent(self) -> bool {
        matches!(self, Self::ClaudeCode | Self::Opencode)
    }

    /// The name under which it asks for `model`, where that is another one.
    pub(super) fn asks_for(self, model: &str) -> Option<&'static str> {
        (self == Self::ClaudeCode && model == "glm-4.7").then_some("claude-sonnet-4-5")
    }

    fn key_name(self) -> &'static str {
        match self {
            Self::ClaudeCode => "Claude Code",
            Self::Opencode => "opencode",
            Self::OpenAi => "scripts",
            Self::Langchain => "help desk",
        }
    }
}

/// The working day in Shanghai, and in Frankfurt.
const SHANGHAI: i64 = 1;
const FRANKFURT: i64 = 8;

const CODING: &[(&str, u64)] = &[("glm-4.7", 6), ("qwen3-coder", 3), ("kimi-k2.5", 1)];
const REVIEWING: &[(&str, u64)] = &[("kimi-k2.5", 4), ("glm-4.7", 2)];
const LOCAL: &[(&str, u64)] = &[("qwen3-coder", 5), ("gpt-oss-120b", 1)];
const READING: &[(&str, u64)] = &[("gpt-oss-120b", 4), ("kimi-k2.5", 1)];
const HELPING: &[(&str, u64)] = &[("glm-4.7", 3), ("gpt-oss-120b", 2)];

macro_rules! habits {
    ($($name:literal, $address:literal, $department:literal, $policy:literal, $role:ident, $program:ident, $busy:literal,
       $begins:ident, $models:ident, $days:literal;)*) => {
        /// Everybody but the administrator.
        pub(super) const HABITS: &[Habit] = &[$(Habit {
            name: $name, address: $address, department: $department, policy: $policy, role: Role::$role,
            program: Program::$program, busy: $busy, begins: $begins, models: $models, days: $days,
        }),*];
    };
}

habits! {
    "Chen Jun", "chen.jun", "Platform", "engineering", Manager, ClaudeCode, 14, SHANGHAI, CODING, 34;
    "Lin Wei", "lin.wei", "Platform", "engineering", User, ClaudeCode, 22, SHANGHAI, CODING, 34;
    "王芳", "wang.fang", "Platform", "engineering", User, Opencode, 15, SHANGHAI, LOCAL, 34;
    "Zhao Min", "zhao.min", "Platform", "engineering", User, ClaudeCode, 9, SHANGHAI, CODING, 34;
    "Jonas Brandt", "jonas.brandt", "Platform", "engineering", User, Opencode, 12, FRANKFURT, LOCAL, 33;
    "Aylin Demir", "aylin.demir", "Platform", "engineering", User, ClaudeCode, 16, FRANKFURT, CODING, 33;
    "Mira Kovac", "mira.kovac", "Platform", "engineering", User, ClaudeCode, 7, FRANKFURT, REVIEWING, 20;
    "Ada Okafor", "ada.okafor", "Research", "default", Manager, OpenAi, 10, FRANKFURT, READING, 34;
    "Xu Lan", "xu.lan", "Research", "default", User, OpenAi, 18, SHANGHAI, READING, 34;
    "Felix Maurer", "felix.maurer", "Research", "default", User, OpenAi, 8, FRANKFURT, REVIEWING, 32;
    "何静", "he.jing", "Research", "default", User, Opencode, 6, SHANGHAI, REVIEWING, 30;
    "Priya Nair", "priya.nair", "Research", "default", User, OpenAi, 5, FRANKFURT, READING, 25;
    "Sun Qiang", "sun.qiang", "Support", "support", Manager, Langchain, 6, SHANGHAI, HELPING, 34;
    "Help desk", "help.desk", "Support", "support", User, Langchain, 26, SHANGHAI, HELPING, 34;
    "Greta Lund", "greta.lund", "Support", "support", User, Langchain, 5, FRANKFURT, HELPING, 31;
    "Ma Li", "ma.li", "Support", "support", User, Langchain, 4, SHANGHAI, HELPING, 28;
    "Tom Becker", "tom.becker", "Sales", "trial", User, OpenAi, 9, FRANKFURT, HELPING, 21;
    "Zhou Ting", "zhou.ting", "Sales", "trial", User, OpenAi, 7, SHANGHAI, HELPING, 21;
    "Ines Costa", "ines.costa", "Sales", "trial", User, OpenAi, 3, FRANKFURT, HELPING, 14;
    "Guo Peng", "guo.peng", "Sales", "trial", User, OpenAi, 8, SHANGHAI, HELPING, 10;
}

/// People who have asked for an account, with the hours since then.
const WAITING: [(&str, &str, i64); 2] = [("Ruth Adler", "ruth.adler", 5), ("Deng Yue", "deng.yue", 28)];

/// A person with an account and a key.
#[derive(Debug)]
pub(super) struct Person {
    pub(super) habit: &'static Habit,
    pub(super) user: User,
    pub(super) key: ApiKey,
}

fn email(address: &str) -> Result<Email, DemoError> {
    Ok(Email::parse(&format!("{address}@example.com"))?)
}

/// Makes all accounts, which have one password, and their keys.
pub(super) async fn make(
    store: &Store,
    admin: &User,
    password: &PasswordHash,
    now: Timestamp,
) -> Result<Vec<Person>, DemoError> {
    let mut people = Vec::new();
    for habit in HABITS {
        let made = now - (habit.days * 24).hours();
        let user = User {
            role: habit.role,
            department: Some(DisplayName::parse(habit.department)?),
            quota_policy: PolicyName::parse(habit.policy)?,
            password: Password::Hash(password.clone()),
            ..User::new(email(habit.address)?, DisplayName::parse(habit.name)?, made)
        };
        let entry = by(admin, made, "user.create", &user.id);
        store
            .create_user(&user, &entry)
            .await?
            .map_err(|_| DemoError::Refused(habit.name))?;
        let key = make_key(store, &user, habit.program, (made + 1.hours(), now)).await?;
        people.push(Person { habit, user, key });
    }
    for (name, address, hours) in WAITING {
        let asked = now - hours.hours();
        let user = User {
            status: Status::Pending,
            password: Password::Hash(password.clone()),
            ..User::new(email(address)?, DisplayName::parse(name)?, asked)
        };
        let entry = unnamed(by(&user, asked, "user.register", &user.id));
        store
            .create_user(&user, &entry)
            .await?
            .map_err(|_| DemoError::Refused(name))?;
    }
    Ok(people)
}

/// A key that was made at `made`, and is in use until `now`.
async fn make_key(
    store: &Store,
    owner: &User,
    program: Program,
    (made, now): (Timestamp, Timestamp),
) -> Result<ApiKey, DemoError> {
    let minted = MintedKey::generate();
    let key = ApiKey {
        id: KeyId::generate(),
        owner: owner.id.clone(),
        name: DisplayName::parse(program.key_name())?,
        key_prefix: minted.shown,
        models: Vec::new(),
        limits: Vec::new(),
        slots: Vec::new(),
        expires_at: None,
        enabled: true,
        created_at: made,
        last_used_at: Some(now - LAST_USE),
        session: None,
        epoch: None,
        version: 1,
    };
    let entry = by(owner, made, "key.create", &key.id);
    store.create_api_key(&key, minted.digest, &entry).await?;
    Ok(key)
}

//! The tables: one definition for the emulator, the tests and the template's test.
//!
//! Every table has the string keys `pk` and `sk`, and deletes items some time after the second in their `ttl`.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, CreateGlobalSecondaryIndexAction, GlobalSecondaryIndex,
    GlobalSecondaryIndexUpdate, KeySchemaElement, KeyType, Projection, ProjectionType, ScalarAttributeType,
    TableDescription, TimeToLiveSpecification,
};
use futures_util::future::BoxFuture;

use super::StoreError;

/// Partition key of every table.
pub const PK: &str = "pk";
/// Sort key of every table.
pub const SK: &str = "sk";
/// Seconds since 1970 after which an item counts as gone.
pub const TTL: &str = "ttl";

/// Where the index of the quota table has the meters with reservations: all in one partition, in the order of the
/// times when the janitor has to look at them.
pub const QUEUE: &str = "queue";
pub const DUE: &str = "due";

/// Where another index of the quota table has the meters that hold something of limits above them: by the account right
/// above.
pub const PARENT: &str = "holder";

/// All of an account but the hash of its password: what rights are judged by and administrators see (promise 75). The
/// roles of functions that must not read hashes name the same attributes, and the keys of the table.
pub const ACCOUNT: [&str; 15] = [
    "id",
    "kind",
    "email",
    "name",
    "role",
    "status",
    "department",
    "quota_policy",
    "has_password",
    "identity",
    "session",
    "sign_in_epoch",
    "created_at",
    "updated_at",
    "version",
];
/// The account that an address or an identity belongs to.
pub const HOLDER: &str = "user";

/// A table per concern, so that each function's rights are a list of table names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Table {
    Users,
    ApiKeys,
    Catalog,
    Policies,
    Quota,
    Usage,
    Audit,
    Settings,
    LoginGuard,
    Responses,
    SignIns,
}

/// A global secondary index: items that have both attributes, by `partition` in the order of `sort`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Index {
    pub name: &'static str,
    pub partition: &'static str,
    pub sort: &'static str,
    /// Without the items' other attributes: then it is written to, and paid for, only when its own change.
    pub keys_only: bool,
}

impl Table {
    pub const ALL: [Self; 11] = [
        Self::Users,
        Self::ApiKeys,
        Self::Catalog,
        Self::Policies,
        Self::Quota,
        Self::Usage,
        Self::Audit,
        Self::Settings,
        Self::LoginGuard,
        Self::Responses,
        Self::SignIns,
    ];

    /// The name behind the installation's prefix.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Users => "users",
            Self::ApiKeys => "api-keys",
            Self::Catalog => "catalog",
            Self::Policies => "policies",
            Self::Quota => "quota",
            Self::Usage => "usage",
            Self::Audit => "audit",
            Self::Settings => "settings",
            Self::LoginGuard => "login-guard",
            Self::Responses => "responses",
            Self::SignIns => "sign-ins",
        }
    }

    /// The attributes that are read of items of this table, if not all: of accounts none that must not be (promise 75).
    pub(super) fn read_of_lists(self) -> Option<Vec<&'static str>> {
        (self == Self::Users).then(|| [PK, SK].into_iter().chain(ACCOUNT).collect())
    }

    pub const fn indexes(self) -> &'static [Index] {
        match self {
            Self::Users => &[Index {
                name: "department",
                partition: "department",
                sort: "id",
                keys_only: false,
            }],
            // Both sort by the items' own sort keys, which begin with the time.
            Self::Usage => &[
                Index {
                    name: "everybody",
                    partition: "shard",
                    sort: SK,
                    keys_only: false,
                },
                Index {
                    name: "department",
                    partition: "department_shard",
                    sort: SK,
                    keys_only: false,
                },
            ],
            Self::Quota => &[
                Index {
                    name: "due",
                    partition: QUEUE,
                    sort: DUE,
                    keys_only: true,
                },
                Index {
                    name: "holder",
                    partition: PARENT,
                    sort: PK,
                    keys_only: true,
                },
            ],
            _ => &[],
        }
    }
}

/// Creates the tables that do not exist, with time-to-live on. Those of an older version get the indexes that they
/// lack.
pub fn create_tables<'a>(client: &'a Client, prefix: &'a str) -> BoxFuture<'a, Result<(), StoreError>> {
    Box::pin(create_missing(client, prefix))
}

async fn create_missing(client: &Client, prefix: &str) -> Result<(), StoreError> {
    let existing = client.list_tables().send().await?;
    for table in Table::ALL {
        let name = format!("{prefix}{}", table.name());
        if existing.table_names().contains(&name) {
            add_indexes(client, table, &name).await?;
        } else {
            create_table(client, table, &name).await?;
        }
    }
    Ok(())
}

async fn add_indexes(client: &Client, table: Table, name: &str) -> Result<(), StoreError> {
    if table.indexes().is_empty() {
        return Ok(());
    }
    let described = client.describe_table().table_name(name).send().await?;
    let there = described
        .table()
        .map(TableDescription::global_secondary_indexes)
        .unwrap_or_default();
    let is_missing = |index: &&Index| !there.iter().any(|known| known.index_name() == Some(index.name));
    for index in table.indexes().iter().filter(is_missing) {
        let creation = CreateGlobalSecondaryIndexAction::builder()
            .index_name(index.name)
            .projection(projection(index));
        let creation = creation
            .set_key_schema(Some(key_schema(index.partition, index.sort)?))
            .build()?;
        let update = client
            .update_table()
            .table_name(name)
            .set_attribute_definitions(Some(string_attributes([index.partition, index.sort])?));
        update
            .global_secondary_index_updates(GlobalSecondaryIndexUpdate::builder().create(creation).build())
            .send()
            .await?;
    }
    Ok(())
}

async fn create_table(client: &Client, table: Table, name: &str) -> Result<(), StoreError> {
    let indexes = table
        .indexes()
        .iter()
        .map(secondary_index)
        .collect::<Result<Vec<_>, _>>()?;
    let of_indexes = table.indexes().iter().flat_map(|index| [index.partition, index.sort]);
    let attributes = string_attributes([PK, SK].into_iter().chain(of_indexes))?;
    let creation = client
        .create_table()
        .table_name(name)
        .billing_mode(BillingMode::PayPerRequest);
    let creation = creation
        .set_key_schema(Some(key_schema(PK, SK)?))
        .set_attribute_definitions(Some(attributes));
    creation
        .set_global_secondary_indexes((!indexes.is_empty()).then_some(indexes))
        .send()
        .await?;
    let ttl = TimeToLiveSpecification::builder()
        .attribute_name(TTL)
        .enabled(true)
        .build()?;
    client
        .update_time_to_live()
        .table_name(name)
        .time_to_live_specification(ttl)
        .send()
        .await?;
    Ok(())
}

fn secondary_index(index: &Index) -> Result<GlobalSecondaryIndex, StoreError> {
    let schema = key_schema(index.partition, index.sort)?;
    Ok(GlobalSecondaryIndex::builder()
        .index_name(index.name)
        .set_key_schema(Some(schema))
        .projection(projection(index))
        .build()?)
}

fn projection(index: &Index) -> Projection {
    let kind = if index.keys_only {
        ProjectionType::KeysOnly
    } else {
        ProjectionType::All
    };
    Projection::builder().projection_type(kind).build()
}

fn key_schema(partition: &str, sort: &str) -> Result<Vec<KeySchemaElement>, StoreError> {
    let element = |name: &str, kind| KeySchemaElement::builder().attribute_name(name).key_type(kind).build();
    Ok(vec![element(partition, KeyType::Hash)?, element(sort, KeyType::Range)?])
}

/// Each once.
fn string_attributes(names: impl IntoIterator<Item = &'static str>) -> Result<Vec<AttributeDefinition>, StoreError> {
    let string = |name: &str| {
        AttributeDefinition::builder()
            .attribute_name(name)
            .attribute_type(ScalarAttributeType::S)
            .build()
    };
    Ok(BTreeSet::from_iter(names)
        .into_iter()
        .map(string)
        .collect::<Result<_, _>>()?)
}

#![doc = include_str!("README.md")]

mod audit;
mod catalog;
mod error;
mod item;
mod keys;
pub mod table;
mod transaction;

use std::sync::Arc;

use aws_sdk_dynamodb::Client;

use crate::cache::Cache;
use crate::clock::Clock;
use crate::models::catalog::Catalog;

pub use catalog::{Change, Removal};
pub use error::StoreError;
pub use item::{Page, Span};
use table::Table;

/// The tables of one installation, with what this process remembers of them. Cheap to clone; clones share the memory.
#[derive(Clone, Debug)]
pub struct Store {
    client: Client,
    prefix: Arc<str>,
    clock: Clock,
    memory: Arc<Memory>,
}

/// What is read on every request. A write through this store forgets what it has changed, so a process that both
/// writes and reads, like the local gateway, sees its own changes at once.
#[derive(Debug)]
struct Memory {
    catalog: Cache<(), Arc<Catalog>>,
}

impl Store {
    pub fn new(client: Client, prefix: &str, clock: Clock) -> Self {
        let memory = Memory { catalog: Cache::new(1, clock.clone()) };
        Self { client, prefix: prefix.into(), clock, memory: Arc::new(memory) }
    }

    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    fn table(&self, table: Table) -> String {
        format!("{}{}", self.prefix, table.name())
    }
}

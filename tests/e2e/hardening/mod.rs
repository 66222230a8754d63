//! What a check before a change relies on, and what nobody may learn or do: the rules that a red team's findings
//! became.

mod access;
mod attempts;
mod audit;
mod bodies;
mod connections;
mod database;
mod edges;
mod heads;
mod pairs;
mod provider;
mod races;
mod table;
mod texts;

//! What the functions share. Layers, innermost first; an inner one never names an outer one.

pub mod translators;

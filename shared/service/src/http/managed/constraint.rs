//! What the value of a field must be besides its type, and the message for whoever sends another.

use std::fmt::Display;
use std::ops::RangeInclusive;

/// What a value must be besides its type. A function of the value is one.
pub trait Constraint<T> {
    /// The error is the message for whoever has sent the value: "must be 1 to 10".
    fn check(&self, value: &T) -> Result<(), String>;
}

impl<T, F: Fn(&T) -> Result<(), String>> Constraint<T> for F {
    fn check(&self, value: &T) -> Result<(), String> {
        self(value)
    }
}

/// A number within the range.
pub fn within<T: PartialOrd + Display>(range: RangeInclusive<T>) -> Within<T> {
    Within { range, unit: "" }
}

/// A number of seconds within the range.
pub fn seconds<T: PartialOrd + Display>(range: RangeInclusive<T>) -> Within<T> {
    Within {
        range,
        unit: " seconds",
    }
}

/// A string of at most so many characters.
pub fn max_chars(most: usize) -> MaxChars {
    MaxChars(most)
}

/// A string of the form that `is_valid` knows; `message` says what it must be.
pub fn form(is_valid: fn(&str) -> bool, message: &'static str) -> Form {
    Form { is_valid, message }
}

/// A list that names at most so many of `items`.
pub fn max_items(most: usize, items: &'static str) -> MaxItems {
    MaxItems { most, items }
}

/// A list that `check` accepts.
pub fn list<T, F: Fn(&[T]) -> Result<(), String>>(check: F) -> List<F> {
    List(check)
}

#[derive(Clone, Debug)]
pub struct Within<T> {
    range: RangeInclusive<T>,
    unit: &'static str,
}

#[derive(Clone, Copy, Debug)]
pub struct MaxChars(usize);

#[derive(Clone, Copy, Debug)]
pub struct Form {
    is_valid: fn(&str) -> bool,
    message: &'static str,
}

#[derive(Clone, Copy, Debug)]
pub struct MaxItems {
    most: usize,
    items: &'static str,
}

#[derive(Clone, Copy, Debug)]
pub struct List<F>(F);

impl<T: PartialOrd + Display> Constraint<T> for Within<T> {
    fn check(&self, value: &T) -> Result<(), String> {
        unless(self.range.contains(value), || {
            format!("must be {} to {}{}", self.range.start(), self.range.end(), self.unit)
        })
    }
}

impl Constraint<String> for MaxChars {
    fn check(&self, value: &String) -> Result<(), String> {
        unless(value.chars().count() <= self.0, || {
            format!("must have at most {} characters", self.0)
        })
    }
}

impl Constraint<String> for Form {
    fn check(&self, value: &String) -> Result<(), String> {
        unless((self.is_valid)(value), || self.message.to_owned())
    }
}

impl<T> Constraint<Vec<T>> for MaxItems {
    fn check(&self, value: &Vec<T>) -> Result<(), String> {
        unless(value.len() <= self.most, || {
            format!("may name at most {} {}", self.most, self.items)
        })
    }
}

impl<T, F: Fn(&[T]) -> Result<(), String>> Constraint<Vec<T>> for List<F> {
    fn check(&self, value: &Vec<T>) -> Result<(), String> {
        (self.0)(value)
    }
}

fn unless(holds: bool, message: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(message()) }
}

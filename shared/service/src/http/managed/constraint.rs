//! What the value of a field must be besides its type, and the message for whoever sends another.

use std::fmt::Display;
use std::ops::RangeInclusive;

/// What a value must be besides its type. A function from the value to the message that names the violation is one.
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
    Within(range)
}

/// A string of at most so many characters.
pub fn max_chars(most: usize) -> MaxChars {
    MaxChars(most)
}

/// A list that names at most so many of `items`.
pub fn max_items(most: usize, items: &'static str) -> MaxItems {
    MaxItems(most, items)
}

#[derive(Clone, Debug)]
pub struct Within<T>(RangeInclusive<T>);

#[derive(Clone, Copy, Debug)]
pub struct MaxChars(usize);

#[derive(Clone, Copy, Debug)]
pub struct MaxItems(usize, &'static str);

impl<T: PartialOrd + Display> Constraint<T> for Within<T> {
    fn check(&self, value: &T) -> Result<(), String> {
        let message = || format!("must be {} to {}", self.0.start(), self.0.end());
        self.0.contains(value).then_some(()).ok_or_else(message)
    }
}

impl Constraint<String> for MaxChars {
    fn check(&self, value: &String) -> Result<(), String> {
        let message = || format!("must have at most {} characters", self.0);
        (value.chars().count() <= self.0).then_some(()).ok_or_else(message)
    }
}

impl<T> Constraint<Vec<T>> for MaxItems {
    fn check(&self, value: &Vec<T>) -> Result<(), String> {
        let message = || format!("may name at most {} {}", self.0, self.1);
        (value.len() <= self.0).then_some(()).ok_or_else(message)
    }
}

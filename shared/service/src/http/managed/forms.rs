//! What [`managed_object!`](crate::managed_object) makes of a declaration. Both macros take one field after another.

/// The creation form of [`managed_object!`]: takes field by field, and adds to the `[members]` of the object and to the
/// `[fields]` of the form.
#[doc(hidden)]
#[macro_export]
macro_rules! creation_form {
    // Required.
    ($form:ident $object:ident $new:ident $arguments:tt [$($members:tt)*] [$($fields:tt)*]
     $(#[$doc:meta])* required $field:ident: $type:ty $(, $constraint:expr)?; $($rest:tt)*) => {
        $crate::creation_form! { $form $object $new $arguments
            [$field: $crate::http::managed::checked(stringify!($field), $form.$field, &[$(&$constraint)?])?.into(),
             $($members)*]
            [$($fields)* $(#[$doc])* pub(crate) $field: $type,]
            $($rest)* }
    };
    ($form:ident $object:ident $new:ident $arguments:tt $members:tt $fields:tt
     $(#[$doc:meta])* fixed $field:ident: $type:ty $(, $constraint:expr)?; $($rest:tt)*) => {
        $crate::creation_form! { $form $object $new $arguments $members $fields
            $(#[$doc])* required $field: $type $(, $constraint)?; $($rest)* }
    };
    // With a default.
    ($form:ident $object:ident $new:ident $arguments:tt [$($members:tt)*] [$($fields:tt)*]
     $(#[$doc:meta])* nullable $field:ident: $type:ty $(= $default:expr)? $(, $constraint:expr)?; $($rest:tt)*) => {
        $crate::creation_form! { $form $object $new $arguments
            [$field: match $form.$field {
                Some(value) => {
                    $crate::http::managed::checked(stringify!($field), value, &[$(&$constraint)?])?.into()
                }
                None => $crate::default_of!($($default)?),
             },
             $($members)*]
            [$($fields)* $(#[$doc])* pub(crate) $field: Option<$type>,]
            $($rest)* }
    };
    ($form:ident $object:ident $new:ident $arguments:tt $members:tt $fields:tt
     $(#[$doc:meta])* default $($rest:tt)*) => {
        $crate::creation_form! { $form $object $new $arguments $members $fields $(#[$doc])* nullable $($rest)* }
    };
    ($form:ident $object:ident $new:ident $arguments:tt $members:tt $fields:tt
     $(#[$doc:meta])* fixed $field:ident: $type:ty = $($rest:tt)*) => {
        $crate::creation_form! { $form $object $new $arguments $members $fields
            $(#[$doc])* nullable $field: $type = $($rest)* }
    };
    // Of the form, but not of the object.
    ($form:ident $object:ident $new:ident $arguments:tt $members:tt [$($fields:tt)*]
     $(#[$doc:meta])* secret $field:ident: $type:ty $(, $constraint:expr)?; $($rest:tt)*) => {
        $crate::creation_form! { $form $object $new $arguments $members
            [$($fields)* $(#[$doc])* pub(crate) $field: Option<$type>,]
            $($rest)* }
    };
    // Of neither.
    ($form:ident $object:ident $new:ident $arguments:tt $members:tt $fields:tt
     $(#[$doc:meta])* later secret $field:ident: $type:ty; $($rest:tt)*) => {
        $crate::creation_form! { $form $object $new $arguments $members $fields $($rest)* }
    };
    // Of the object, but not of the form.
    ($form:ident $object:ident $new:ident $arguments:tt [$($members:tt)*] $fields:tt
     $(#[$doc:meta])* later $kind:ident $field:ident: $type:ty $(= $default:expr)? $(, $constraint:expr)?;
     $($rest:tt)*) => {
        $crate::creation_form! { $form $object $new $arguments
            [$field: $crate::default_of!($($default)?), $($members)*]
            $fields $($rest)* }
    };
    ($form:ident $object:ident $new:ident [$($arguments:tt)*] [$($members:tt)*] [$($fields:tt)*]) => {
        #[derive(serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        pub(crate) struct $new { $($fields)* }

        impl $new {
            /// The object that the form describes.
            pub(crate) fn create(self, $($arguments)*) -> Result<$object, $crate::http::ApiError> {
                let $form = self;
                Ok($object { $($members)* })
            }
        }
    };
}

/// The patch of [`managed_object!`]: takes field by field, and adds to `[fields of the object]` and `[fields of the
/// form]`.
#[doc(hidden)]
#[macro_export]
macro_rules! patch_form {
    ($object:ident $patch:ident $set:tt $fields:tt
     $(#[$doc:meta])* fixed $field:ident: $type:ty $(= $default:expr)? $(, $constraint:expr)?; $($rest:tt)*) => {
        $crate::patch_form! { $object $patch $set $fields $($rest)* }
    };
    ($object:ident $patch:ident $set:tt $fields:tt $(#[$doc:meta])* later $($rest:tt)*) => {
        $crate::patch_form! { $object $patch $set $fields $(#[$doc])* $($rest)* }
    };
    ($object:ident $patch:ident [$($set:tt)*] [$($fields:tt)*]
     $(#[$doc:meta])* nullable $field:ident: $type:ty $(= $default:expr)? $(, $constraint:expr)?; $($rest:tt)*) => {
        $crate::patch_form! { $object $patch
            [$($set)* { patch $field [$(&$constraint)?] ($crate::default_of!($($default)?)) }]
            [$($fields)* { $(#[$doc])* $field: $crate::http::managed::member::Member<$type> }]
            $($rest)* }
    };
    ($object:ident $patch:ident [$($set:tt)*] [$($fields:tt)*]
     $(#[$doc:meta])* secret $field:ident: $type:ty; $($rest:tt)*) => {
        $crate::patch_form! { $object $patch [$($set)*]
            [$($fields)* { $(#[$doc])* $field: $crate::http::managed::member::Member<$type> }]
            $($rest)* }
    };
    // `required` and `default`
    ($object:ident $patch:ident [$($set:tt)*] [$($fields:tt)*]
     $(#[$doc:meta])* $kind:ident $field:ident: $type:ty $(= $default:expr)? $(, $constraint:expr)?; $($rest:tt)*) => {
        $crate::patch_form! { $object $patch
            [$($set)* { replace $field [$(&$constraint)?] }]
            [$($fields)* { $(#[$doc])* $field: Option<$type> }]
            $($rest)* }
    };
    ($object:ident $patch:ident
     [$({ $set:ident $field:ident $constraints:tt $(($default:expr))? })*]
     [$({ $(#[$doc:meta])* $member:ident: $type:ty })*]) => {
        #[derive(serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        pub(crate) struct $patch {
            $($(#[$doc])* #[serde(default)] pub(crate) $member: $type,)*
            pub(crate) version: Option<u64>,
        }

        impl $patch {
            /// The fields that can be changed.
            pub(crate) const FIELDS: &[&str] = &[$(stringify!($member)),*];

            /// The names of the fields that are given, for the audit trail.
            pub(crate) fn changed(&self) -> Vec<String> {
                use $crate::http::managed::member::Given as _;
                let given = Self::FIELDS.iter().zip([$(self.$member.is_given()),*]);
                given.filter(|(_, given)| *given).map(|(field, _)| (*field).to_owned()).collect()
            }

            /// Changes `object` where a field is given.
            pub(crate) fn apply(&self, object: &mut $object) -> Result<(), $crate::http::ApiError> {
                $($crate::http::managed::$set(
                    stringify!($field), &self.$field, &mut object.$field, &$constraints $(, || $default)?
                )?;)*
                Ok(())
            }
        }
    };
}

/// The default that is given, or the type's.
#[doc(hidden)]
#[macro_export]
macro_rules! default_of {
    () => {
        Default::default()
    };
    ($default:expr) => {
        $default
    };
}

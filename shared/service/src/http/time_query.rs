//! Queries for lists of what happened: they have a time and a page in common, and those of the log what became of a
//! request.

/// Declares a query: the parameters of a time, its own, and those of a page.
#[macro_export]
macro_rules! time_query {
    ($(#[$doc:meta])* $name:ident { $($(#[$attribute:meta])* $field:ident: $type:ty,)* }) => {
        $(#[$doc])*
        #[derive(Debug, serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        pub(crate) struct $name {
            from: Option<String>,
            to: Option<String>,
            #[serde(default)]
            timezone: domain::models::zone::Zone,
            $($(#[$attribute])* $field: $type,)*
            #[serde(default)]
            limit: $crate::http::page::Limit,
            cursor: Option<String>,
            #[serde(default, rename = "bom")]
            _bom: $crate::http::accept::Bom,
        }

        impl $name {
            fn period(&self) -> $crate::http::period::Period<'_> {
                $crate::http::period::Period {
                    from: self.from.as_deref(),
                    to: self.to.as_deref(),
                    zone: &self.timezone,
                }
            }

            /// The page of `walk` that is asked for.
            fn span(&self, walk: &$crate::http::page::Walk<'_>) -> Result<$crate::store::Span, $crate::http::ApiError> {
                walk.span(self.limit, self.cursor.as_deref())
            }
        }
    };
}

/// Declares a query of the request log: its own parameters, and the filters by what became of a request.
#[macro_export]
macro_rules! log_query {
    ($name:ident { $($field:ident: $type:ty,)* }) => {
        $crate::time_query! {
            $name {
                $($field: $type,)*
                request_id: Option<String>,
                outcome: Option<domain::models::usage::Outcome>,
                client: Option<domain::models::usage::ClientKind>,
                status: Option<$crate::http::log_filter::StatusFilter>,
                min_duration_ms: Option<u64>,
            }
        }

        impl $name {
            /// The filter by what became of the requests.
            fn became(&self) -> $crate::http::log_filter::LogFilter {
                $crate::http::log_filter::LogFilter {
                    request_id: self.request_id.clone(),
                    outcome: self.outcome,
                    client: self.client,
                    status: self.status,
                    min_duration_ms: self.min_duration_ms,
                }
            }
        }
    };
}

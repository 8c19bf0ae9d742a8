//! How a core value becomes its mirror and comes back; plain values are their own mirror.

use super::Stored;
use crate::event::{CollectionId, ETag, Href, SyncToken, Uid};
use crate::schedule::request::RequestKey;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A stored value that no core value corresponds to.
#[derive(Debug)]
pub(in crate::store) struct Unreadable;

/// A core value that can be kept.
pub(in crate::store) trait Keep: Sized {
    /// Its mirror.
    type Record: Stored;
    /// The mirror of this value.
    fn keep(&self) -> Self::Record;
    /// The value of a mirror.
    fn back(record: Self::Record) -> Result<Self, Unreadable>;
}

macro_rules! plain {
    ($($type:ty),*) => {$(
        impl Keep for $type {
            type Record = $type;
            fn keep(&self) -> $type {
                self.clone()
            }
            fn back(record: $type) -> Result<Self, Unreadable> {
                Ok(record)
            }
        }
    )*};
}
plain!(
    bool, u8, u16, u32, u64, i64, f32, String, [f32; 2], [f32; 3], [f32; 5], [f32; 24], [u32; 24],
    [u8; 8], [u8; 16]
);

macro_rules! text {
    ($($type:ty: $read:expr, $make:expr;)*) => {$(
        impl Keep for $type {
            type Record = String;
            fn keep(&self) -> String {
                let read: fn(&$type) -> &str = $read;
                read(self).to_owned()
            }
            fn back(record: String) -> Result<Self, Unreadable> {
                Ok($make(record))
            }
        }
    )*};
}
text! {
    Uid: |v| v.as_str(), Uid::new;
    Href: |v| v.as_str(), Href::new;
    ETag: |v| v.as_str(), ETag::new;
    SyncToken: |v| v.as_str(), SyncToken::new;
    CollectionId: |v| v.as_str(), CollectionId::new;
    RequestKey: |v| &v.0, RequestKey;
}

impl<T: Keep> Keep for Option<T> {
    type Record = Option<T::Record>;
    fn keep(&self) -> Self::Record {
        self.as_ref().map(Keep::keep)
    }
    fn back(record: Self::Record) -> Result<Self, Unreadable> {
        record.map(T::back).transpose()
    }
}

impl<T: Keep> Keep for Arc<T> {
    type Record = T::Record;
    fn keep(&self) -> Self::Record {
        T::keep(self)
    }
    fn back(record: Self::Record) -> Result<Self, Unreadable> {
        T::back(record).map(Arc::new)
    }
}

impl<T: Keep> Keep for Vec<T> {
    type Record = Vec<T::Record>;
    fn keep(&self) -> Self::Record {
        self.iter().map(Keep::keep).collect()
    }
    fn back(record: Self::Record) -> Result<Self, Unreadable> {
        record.into_iter().map(T::back).collect()
    }
}

impl<T: Keep + Ord> Keep for BTreeSet<T> {
    type Record = Vec<T::Record>;
    fn keep(&self) -> Self::Record {
        self.iter().map(Keep::keep).collect()
    }
    fn back(record: Self::Record) -> Result<Self, Unreadable> {
        record.into_iter().map(T::back).collect()
    }
}

impl<K: Keep + Ord, V: Keep> Keep for BTreeMap<K, V> {
    type Record = Vec<(K::Record, V::Record)>;
    fn keep(&self) -> Self::Record {
        self.iter().map(|(k, v)| (k.keep(), v.keep())).collect()
    }
    fn back(record: Self::Record) -> Result<Self, Unreadable> {
        record.into_iter().map(|(k, v)| Ok((K::back(k)?, V::back(v)?))).collect()
    }
}

impl<A: Keep, B: Keep> Keep for (A, B) {
    type Record = (A::Record, B::Record);
    fn keep(&self) -> Self::Record {
        (self.0.keep(), self.1.keep())
    }
    fn back(record: Self::Record) -> Result<Self, Unreadable> {
        Ok((A::back(record.0)?, B::back(record.1)?))
    }
}

/// Mirrors a struct: `Mirror of Core { field: Type, ... }`, every field of the core named once.
/// A forgotten field does not compile. A new field goes to the end.
macro_rules! mirror {
    ($mirror:ident of $core:ty { $($field:ident: $type:ty),* $(,)? }) => {
        #[derive(Debug, serde::Serialize, serde::Deserialize)]
        pub(in crate::store) struct $mirror {
            $($field: <$type as $crate::store::record::Keep>::Record),*
        }

        impl $crate::store::record::Keep for $core {
            type Record = $mirror;
            fn keep(&self) -> $mirror {
                $mirror { $($field: $crate::store::record::Keep::keep(&self.$field)),* }
            }
            fn back(record: $mirror) -> Result<Self, $crate::store::record::Unreadable> {
                use $crate::store::record::Keep;
                Ok(Self { $($field: <$type as Keep>::back(record.$field)?),* })
            }
        }
    };
}

/// Mirrors an enum whose variants have named fields or none: `Mirror of Core { Variant { field:
/// Type }, ... }`. A forgotten variant does not compile. A new variant goes to the end.
macro_rules! mirror_enum {
    ($mirror:ident of $core:ident {
        $($variant:ident { $($field:ident: $type:ty),* }),* $(,)?
    }) => {
        #[derive(Debug, serde::Serialize, serde::Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub(in crate::store) enum $mirror {
            $($variant { $($field: <$type as $crate::store::record::Keep>::Record),* }),*
        }

        impl $crate::store::record::Keep for $core {
            type Record = $mirror;
            fn keep(&self) -> $mirror {
                match self {
                    $($core::$variant { $($field),* } => $mirror::$variant {
                        $($field: $crate::store::record::Keep::keep($field)),*
                    }),*
                }
            }
            fn back(record: $mirror) -> Result<Self, $crate::store::record::Unreadable> {
                Ok(match record {
                    $($mirror::$variant { $($field),* } => $core::$variant {
                        $($field: <$type as $crate::store::record::Keep>::back($field)?),*
                    }),*
                })
            }
        }
    };
}

/// Mirrors an enum without fields, by its words.
macro_rules! mirror_words {
    ($mirror:ident of $core:ident { $($variant:ident),* $(,)? }) => {
        #[derive(Debug, Clone, Copy, serde::Serialize, serde::Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub(in crate::store) enum $mirror { $($variant),* }

        impl $crate::store::record::Keep for $core {
            type Record = $mirror;
            fn keep(&self) -> $mirror {
                match self { $($core::$variant => $mirror::$variant),* }
            }
            fn back(record: $mirror) -> Result<Self, $crate::store::record::Unreadable> {
                Ok(match record { $($mirror::$variant => $core::$variant),* })
            }
        }
    };
}

pub(super) use {mirror, mirror_enum, mirror_words};

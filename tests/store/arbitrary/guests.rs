//! Generators of whom a person meets.

use chronotype::event::{EventHash, Guest, Guests};
use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;

pub fn guests() -> impl Strategy<Value = Guests> {
    let list = vec(any::<u32>().prop_map(Guest), 1..4);
    let by_object = btree_map(any::<[u8; 8]>().prop_map(EventHash), list, 0..3);
    (option::of(any::<[u8; 16]>()), by_object)
        .prop_map(|(salt, by_object)| Guests { salt, by_object })
}

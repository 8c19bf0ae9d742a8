//! CalDAV on every server of the table: the contract, by the longer way where a server guarantees
//! less.

use crate::calendar_contract::{Other, contract};
use crate::support::quirky::profile::{Guards, Multiget, Sync};
use crate::support::quirky::{ETags, Profile, Quirky};

async fn keeps_the_contract(profile: Profile) {
    let server = Quirky::start(profile);
    contract(&server.account(), Other::Quirky(&server)).await;
}

#[tokio::test]
async fn like_radicale() {
    keeps_the_contract(Profile::radicale()).await;
}

#[tokio::test]
async fn like_xandikos() {
    keeps_the_contract(Profile::xandikos()).await;
}

#[tokio::test]
async fn like_cyrus() {
    keeps_the_contract(Profile::cyrus()).await;
}

#[tokio::test]
async fn like_davical() {
    keeps_the_contract(Profile::davical()).await;
}

#[tokio::test]
async fn like_icloud() {
    keeps_the_contract(Profile::icloud()).await;
}

#[tokio::test]
async fn like_sogo() {
    keeps_the_contract(Profile { drops: None, ..Profile::sogo() }).await;
    keeps_the_contract(Profile::sogo()).await;
}

/// Nothing in its address says that it ignores conditions.
#[tokio::test]
async fn like_sogo_behind_another_path() {
    keeps_the_contract(Profile { drops: None, home: "/dav/alice/", ..Profile::sogo() }).await;
    let guards = Guards { update: false, ..Profile::sogo().guards };
    keeps_the_contract(Profile { guards, home: "/dav/alice/", ..Profile::sogo() }).await;
}

#[tokio::test]
async fn like_no_good_server() {
    keeps_the_contract(Profile { drops: None, ..Profile::hostile() }).await;
    keeps_the_contract(Profile::hostile()).await;
}

/// One guarantee less at a time.
#[tokio::test]
async fn each_weakness_by_itself() {
    let base = Profile::radicale;
    let deaf = |guards| Profile { guards, ..base() };
    for etags in [ETags::Weak, ETags::WeakOnGet, ETags::Absent, ETags::Counter] {
        keeps_the_contract(Profile { etags, ..base() }).await;
    }
    keeps_the_contract(deaf(Guards { create: false, ..Guards::ALL })).await;
    keeps_the_contract(deaf(Guards { update: false, missing: false, ..Guards::ALL })).await;
    keeps_the_contract(deaf(Guards { missing: false, ..Guards::ALL })).await;
    keeps_the_contract(deaf(Guards { delete: false, ..Guards::ALL })).await;
    keeps_the_contract(deaf(Guards::NONE)).await;
    for status in [400, 403, 405, 415, 501] {
        let sync = Sync { refused: Some(status), ..base().sync };
        keeps_the_contract(Profile { sync, ..base() }).await;
    }
    for unknown in [403, 409, 410, 412, 0] {
        let sync = Sync { unknown, ..base().sync };
        keeps_the_contract(Profile { sync, ..base() }).await;
    }
    let none = Multiget { gives_nothing: true, ..base().multiget };
    keeps_the_contract(Profile { multiget: none, ..base() }).await;
}

//! How a server behaves, one switch a row of the table of measured servers.

/// A server's ways. The contract is honest unless a switch says otherwise.
#[derive(Debug, Clone)]
pub struct Profile {
    /// Path of alice's home set, with a slash at its end.
    pub home: &'static str,
    /// How versions are named.
    pub etags: ETags,
    /// PUT answers with the new version.
    pub etag_on_put: bool,
    /// What becomes of a text that is stored.
    pub rewrites: Rewrites,
    /// Which conditions count.
    pub guards: Guards,
    /// What a UID under a second href gets.
    pub uid_taken: UidTaken,
    /// The sync-collection report.
    pub sync: Sync,
    /// The multiget report.
    pub multiget: Multiget,
    /// The calendar-query report, for everything.
    pub query: Query,
    /// How hrefs are written in answers.
    pub hrefs: Hrefs,
    /// PROPFIND of what is missing: 207 with a 404 in it, else 404.
    pub missing_is_207: bool,
    /// Every n-th request gets no answer.
    pub drops: Option<usize>,
    /// What `current-user-privilege-set` holds; `None` = it is not known.
    pub privileges: Option<&'static str>,
}

/// How versions are named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ETags {
    /// A hash of the text.
    Hash,
    /// A counter that starts again with each new object.
    Counter,
    /// A hash, marked weak everywhere.
    Weak,
    /// A hash, marked weak in the answer to GET alone.
    WeakOnGet,
    /// None at all.
    Absent,
}

/// What becomes of a text that is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rewrites {
    /// Nothing.
    Never,
    /// Lines in another order.
    LineOrder,
    /// CLASS:PUBLIC is added, and stamps are set.
    Adds,
    /// Extension properties are dropped.
    DropsMarks,
}

/// Which conditions count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Guards {
    /// `If-None-Match: *` on PUT.
    pub create: bool,
    /// `If-Match` on PUT where something lies.
    pub update: bool,
    /// `If-Match` on PUT where nothing lies.
    pub missing: bool,
    /// `If-Match` on DELETE.
    pub delete: bool,
}

impl Guards {
    /// All count.
    pub const ALL: Self = Self { create: true, update: true, missing: true, delete: true };
    /// None counts.
    pub const NONE: Self = Self { create: false, update: false, missing: false, delete: false };
}

/// What a UID under a second href gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UidTaken {
    /// It is stored.
    Stored,
    /// This status, with the precondition in XML.
    Named(u16),
    /// 409 in plain words.
    Words,
}

/// The sync-collection report.
#[derive(Debug, Clone, Copy)]
pub struct Sync {
    /// `Some` = refused with this status.
    pub refused: Option<u16>,
    /// What stands before the number in a token.
    pub prefix: &'static str,
    /// Tokens are the second of the last change, whose changes are told again and again.
    pub repeats: bool,
    /// A token that is not known: this status with the precondition, 0 = everything is told.
    pub unknown: u16,
    /// Without a token, deleted objects are told, too.
    pub old_deletions: bool,
    /// What came and went since the token is told as gone.
    pub flashes: bool,
    /// Rows in one answer; what is left is announced by a 507.
    pub most: Option<usize>,
    /// Asked for texts along with versions.
    pub texts: Texts,
}

/// Asked for texts along with versions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Texts {
    /// They are given.
    Given,
    /// Each row says that it has none.
    Missing,
    /// The report is refused with this status above so many rows.
    Refused(u16, usize),
}

/// The calendar-query report, for everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Query {
    /// Everything is given.
    Works,
    /// Every third object is passed over.
    PassesOver,
    /// Refused with this status.
    Refused(u16),
}

/// The multiget report.
#[derive(Debug, Clone, Copy)]
pub struct Multiget {
    /// Refused with this status, above so many objects.
    pub refused: Option<(u16, usize)>,
    /// Missing objects have a 404 row.
    pub tells_missing: bool,
    /// Rows come in the reverse order.
    pub reversed: bool,
    /// It answers, and gives nothing.
    pub gives_nothing: bool,
}

/// How hrefs are written in answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hrefs {
    /// All but unreserved characters are escaped, `@` included.
    Escaped,
    /// Only what must be is: `@`, `,` and umlauts stand as they are.
    Plain,
    /// Escaped, with scheme and host.
    Absolute,
}

impl Profile {
    /// Sha-256 ETags, URL tokens, 403 for unknown ones, old deletions in a first listing.
    pub fn radicale() -> Self {
        Self {
            home: "/alice/",
            etags: ETags::Hash,
            etag_on_put: true,
            rewrites: Rewrites::LineOrder,
            guards: Guards::ALL,
            uid_taken: UidTaken::Named(409),
            sync: Sync {
                refused: None,
                prefix: "http://radicale.org/ns/sync/",
                repeats: false,
                unknown: 403,
                old_deletions: true,
                flashes: true,
                most: None,
                texts: Texts::Given,
            },
            multiget: Multiget {
                refused: None,
                tells_missing: true,
                reversed: true,
                gives_nothing: false,
            },
            query: Query::Works,
            hrefs: Hrefs::Escaped,
            missing_is_207: false,
            drops: None,
            privileges: Some("<privilege><all/></privilege><privilege><write/></privilege>"),
        }
    }

    /// Bare tokens, 412 for unknown ones, a 404 inside a 207 for what is missing.
    pub fn xandikos() -> Self {
        let base = Self::radicale();
        let unclear = Sync { prefix: "", unknown: 412, old_deletions: false, ..base.sync };
        Self {
            home: "/alice/calendars/",
            rewrites: Rewrites::Never,
            uid_taken: UidTaken::Named(412),
            sync: Sync { flashes: false, texts: Texts::Missing, ..unclear },
            hrefs: Hrefs::Plain,
            missing_is_207: true,
            privileges: None,
            ..base
        }
    }

    /// No ETag on PUT, weak ones on GET, truncated listings.
    pub fn cyrus() -> Self {
        let base = Self::radicale();
        let prefix = "data:,1700000000-";
        Self {
            home: "/dav/calendars/user/alice/",
            etags: ETags::WeakOnGet,
            etag_on_put: false,
            uid_taken: UidTaken::Named(403),
            sync: Sync { prefix, old_deletions: false, most: Some(50), ..base.sync },
            hrefs: Hrefs::Plain,
            privileges: Some(
                "<privilege><read/></privilege><privilege><bind/></privilege><privilege><unbind/>\
                 </privilege><privilege><write-content/></privilege>",
            ),
            ..base
        }
    }

    /// Everything for an unknown token, no rows for missing objects, UIDs may repeat.
    pub fn davical() -> Self {
        let base = Self::radicale();
        let plain = Sync { texts: Texts::Missing, old_deletions: false, ..base.sync };
        Self {
            home: "/caldav.php/alice/",
            rewrites: Rewrites::Never,
            uid_taken: UidTaken::Stored,
            sync: Sync { prefix: "data:,", unknown: 0, ..plain },
            multiget: Multiget { tells_missing: false, ..base.multiget },
            ..base
        }
    }

    /// Ignores conditions, counts versions from 0, repeats the last second, rewrites, drops
    /// connections.
    pub fn sogo() -> Self {
        let base = Self::radicale();
        let token = Sync { prefix: "", repeats: true, unknown: 0, ..base.sync };
        Self {
            home: "/SOGo/dav/alice/Calendar/",
            etags: ETags::Counter,
            rewrites: Rewrites::Adds,
            guards: Guards { update: true, ..Guards::NONE },
            uid_taken: UidTaken::Words,
            sync: Sync { old_deletions: false, ..token },
            multiget: Multiget { reversed: false, ..base.multiget },
            drops: Some(17),
            ..base
        }
    }

    /// Absolute hrefs, opaque tokens, no `nresults`, unknown tokens refused.
    pub fn icloud() -> Self {
        let base = Self::radicale();
        let prefix = "HwoQEgwAAAAAAAAAAAAAAAAYAhgAIhUI";
        Self {
            home: "/1234567/calendars/",
            rewrites: Rewrites::Never,
            uid_taken: UidTaken::Named(412),
            sync: Sync { prefix, old_deletions: false, texts: Texts::Missing, ..base.sync },
            hrefs: Hrefs::Absolute,
            privileges: Some("<privilege><all/><privilege><write/></privilege></privilege>"),
            ..base
        }
    }

    /// Nothing that a client would like to lean on: no versions, no changes, no conditions, no
    /// multiget.
    pub fn hostile() -> Self {
        let base = Self::radicale();
        Self {
            home: "/dav/alice/",
            etags: ETags::Absent,
            etag_on_put: false,
            rewrites: Rewrites::Adds,
            guards: Guards::NONE,
            uid_taken: UidTaken::Words,
            sync: Sync { refused: Some(501), ..base.sync },
            multiget: Multiget { refused: Some((400, 0)), ..base.multiget },
            query: Query::Refused(501),
            hrefs: Hrefs::Absolute,
            missing_is_207: true,
            drops: Some(23),
            privileges: None,
        }
    }
}

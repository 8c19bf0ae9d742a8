//! Nobody looks into this process's memory, where passwords lie: it leaves no core dump, and on
//! Linux no other process of the same user may read it or attach a debugger (root may). What it
//! starts is not bound by that: a program that is run anew begins with rights of its own, the hard
//! limit of core dumps included.

use super::output;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Seals it. A system that refuses has its reasons, and its own ways: the units in `systemd/` set
/// the limit, and then forbid the call.
pub fn start() {
    let limit = getrlimit(Resource::Core);
    if limit.current != Some(0) {
        let none = Rlimit { current: Some(0), maximum: limit.maximum };
        said(setrlimit(Resource::Core, none));
    }
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{DumpableBehavior, set_dumpable_behavior};
        said(set_dumpable_behavior(DumpableBehavior::NotDumpable));
    }
}

fn said(done: rustix::io::Result<()>) {
    if let Err(error) = done {
        // No log is open yet: a service opens its own when it has read its config.
        output::warn(&format!(
            "this process can't be sealed, a core dump may hold passwords: {error}"
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_sealed() {
        start();
        assert_eq!(getrlimit(Resource::Core).current, Some(0));
        #[cfg(target_os = "linux")]
        {
            use rustix::process::{DumpableBehavior, dumpable_behavior};
            assert_eq!(dumpable_behavior(), Ok(DumpableBehavior::NotDumpable));
        }
    }
}

//! Signals that would end the process: its files are put in order first.

/// Calls `end` on a thread of its own when the process is asked to end. Where no thread can be had, that is said: a
/// signal then ends the process at once.
#[cfg(unix)]
pub(crate) fn handle(end: fn() -> !) {
    use signal_hook::consts::{
        SIGALRM, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGXCPU, SIGXFSZ,
    };
    use signal_hook::iterator::Signals;
    use std::sync::Arc;
    use std::sync::atomic::AtomicBool;
    // Whoever handles this signal gets an error from the write that has grown a file beyond its limit.
    let grown = signal_hook::flag::register(SIGXFSZ, Arc::new(AtomicBool::new(false)));
    let ending = [SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGXCPU, SIGALRM, SIGUSR1, SIGUSR2];
    let waiting = grown.and_then(|_| Signals::new(ending)).and_then(|mut signals| {
        std::thread::Builder::new().name("signals".to_owned()).spawn(move || {
            if signals.forever().next().is_some() {
                end();
            }
        })
    });
    warn(waiting.err());
}

/// Calls `end` when the process is asked to end.
#[cfg(not(unix))]
pub(crate) fn handle(end: fn() -> !) {
    warn(ctrlc::set_handler(move || end()).err());
}

fn warn(error: Option<impl std::fmt::Display>) {
    if let Some(error) = error {
        let text = format!("warning: an interruption will leave unfinished files behind: {error}\n");
        crate::commands::tell(&text);
    }
}

//! Reads that may never return: each runs in a worker that is left behind when it takes too long.

use std::io;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

/// Workers that may be left behind. A host on which more reads hang is beyond help.
const MAX_ABANDONED: usize = 16;

type Job = Box<dyn FnOnce() + Send>;

/// Why a read gave nothing.
#[derive(Debug)]
pub(super) enum Failed {
    /// The kernel refused.
    Io(io::Error),
    /// There was no answer in time.
    TimedOut,
    /// So many reads got no answer that no more were tried.
    GaveUp,
}

/// Runs reads one after another, each for a limited time.
pub(super) struct Workers {
    timeout: Duration,
    current: Option<Sender<Job>>,
    abandoned: usize,
}

impl Workers {
    pub(super) const fn new(timeout: Duration) -> Self {
        Self {
            timeout,
            current: None,
            abandoned: 0,
        }
    }

    /// Runs one read and waits for it, but not for ever.
    pub(super) fn run<T: Send + 'static>(
        &mut self,
        read: impl FnOnce() -> io::Result<T> + Send + 'static,
    ) -> Result<T, Failed> {
        if self.abandoned >= MAX_ABANDONED {
            return Err(Failed::GaveUp);
        }
        let (answer, answered) = channel();
        let job: Job = Box::new(move || {
            // Nobody may be waiting any more.
            let _ = answer.send(read());
        });
        self.submit(job).map_err(Failed::Io)?;
        match answered.recv_timeout(self.timeout) {
            Ok(result) => result.map_err(Failed::Io),
            Err(RecvTimeoutError::Timeout) => {
                // The thread stays where it hangs; it ends with the process.
                self.current = None;
                self.abandoned += 1;
                Err(Failed::TimedOut)
            }
            Err(RecvTimeoutError::Disconnected) => {
                self.current = None;
                Err(Failed::Io(io::Error::other("the reading thread ended")))
            }
        }
    }

    fn submit(&mut self, job: Job) -> io::Result<()> {
        let job = match &self.current {
            Some(worker) => match worker.send(job) {
                Ok(()) => return Ok(()),
                Err(unsent) => unsent.0,
            },
            None => job,
        };
        let (jobs, todo) = channel::<Job>();
        thread::Builder::new()
            .name("read".to_owned())
            .spawn(move || todo.into_iter().for_each(|job| job()))?;
        let sent = jobs.send(job);
        self.current = Some(jobs);
        sent.map_err(|_| io::Error::other("the reading thread ended"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A read that never ends until its end of the channel is dropped.
    fn hang() -> (Sender<()>, impl FnOnce() -> io::Result<()> + Send) {
        let (release, held) = channel::<()>();
        (release, move || {
            let _ = held.recv();
            Ok(())
        })
    }

    #[test]
    fn a_read_that_hangs_is_left_behind_and_the_next_one_runs() {
        let mut workers = Workers::new(Duration::from_millis(20));
        let (release, read) = hang();
        assert!(matches!(workers.run(read), Err(Failed::TimedOut)));
        workers.timeout = Duration::from_secs(60);
        assert_eq!(workers.run(|| Ok(7)).ok(), Some(7));
        drop(release);
    }

    #[test]
    fn a_host_on_which_everything_hangs_is_given_up() {
        let mut workers = Workers::new(Duration::from_millis(1));
        let mut releases = Vec::new();
        let timed_out = (0..MAX_ABANDONED + 5)
            .filter(|_| {
                let (release, read) = hang();
                releases.push(release);
                matches!(workers.run(read), Err(Failed::TimedOut))
            })
            .count();
        assert_eq!(timed_out, MAX_ABANDONED);
        assert!(matches!(workers.run(|| Ok(())), Err(Failed::GaveUp)));
    }

    #[test]
    fn what_the_kernel_refuses_is_told_in_its_words() {
        let mut workers = Workers::new(Duration::from_secs(60));
        let refused = workers.run(|| Err::<(), _>(io::Error::other("no")));
        assert!(matches!(refused, Err(Failed::Io(error)) if error.to_string() == "no"));
    }
}

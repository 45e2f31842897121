//! The output of the processes, line by line: cut at a bound, never holding a process up.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

/// How many bytes of a line are kept.
pub const LONGEST_LINE: usize = 4096;

/// How many lines may wait for a slow sink; the rest is dropped and counted.
const QUEUE: usize = 1024;

/// Cuts a stream of bytes into lines of bounded length.
#[derive(Debug, Default)]
pub struct LineCutter {
    line: Vec<u8>,
    cut: u64,
}

impl LineCutter {
    /// Takes in bytes and gives out every line they complete, without its end.
    pub fn feed(&mut self, bytes: &[u8], mut give: impl FnMut(&str)) {
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            let (content, ends) = match piece.split_last() {
                Some((b'\n', content)) => (content, true),
                _ => (piece, false),
            };
            let room = LONGEST_LINE - self.line.len();
            let (kept, lost) = content.split_at(content.len().min(room));
            self.line.extend_from_slice(kept);
            self.cut += lost.len() as u64;
            if ends {
                self.give_line(&mut give);
            }
        }
    }

    /// Gives out what is left at the end of the stream.
    pub fn finish(&mut self, mut give: impl FnMut(&str)) {
        if !self.line.is_empty() {
            self.give_line(&mut give);
        }
    }

    fn give_line(&mut self, give: &mut impl FnMut(&str)) {
        let bytes = self.line.strip_suffix(b"\r").unwrap_or(&self.line);
        let text = String::from_utf8_lossy(bytes);
        if self.cut > 0 {
            give(&format!("{text} ... ({} more bytes)", self.cut));
        } else {
            give(&text);
        }
        self.line.clear();
        self.cut = 0;
    }
}

/// Where the lines go. It has a thread of its own, so it may take its time.
pub type LineSink = Arc<dyn Fn(&str) + Send + Sync>;

/// Takes lines from any thread without ever waiting, and hands them to the sink on a thread of its own.
#[derive(Debug, Clone)]
pub(crate) struct LineQueue {
    lines: SyncSender<String>,
    dropped: Arc<AtomicU64>,
}

impl LineQueue {
    /// The queue, and the thread that ends once every clone of the queue is gone.
    pub(crate) fn start(sink: LineSink) -> std::io::Result<(Self, JoinHandle<()>)> {
        let (lines, queued) = sync_channel(QUEUE);
        let dropped = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&dropped);
        let thread = std::thread::Builder::new()
            .name("game-session-lines".to_owned())
            .spawn(move || hand_over(&queued, &counted, &sink))?;
        Ok((Self { lines, dropped }, thread))
    }

    /// Puts a line into the queue, or drops and counts it when the sink is too slow.
    pub(crate) fn push(&self, line: String) {
        if self.lines.try_send(line).is_err() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }
}

fn hand_over(queued: &Receiver<String>, dropped: &AtomicU64, sink: &LineSink) {
    while let Ok(line) = queued.recv() {
        sink(&line);
        let lost = dropped.swap(0, Ordering::Relaxed);
        if lost > 0 {
            sink(&format!(
                "[launcher] {lost} lines of output were dropped: they came faster than they were taken"
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use std::sync::Mutex;
    use std::sync::mpsc::channel;

    use super::*;

    fn cut(pieces: &[&[u8]]) -> Vec<String> {
        let (mut cutter, mut lines) = (LineCutter::default(), Vec::new());
        for piece in pieces {
            cutter.feed(piece, |line| lines.push(line.to_owned()));
        }
        cutter.finish(|line| lines.push(line.to_owned()));
        lines
    }

    #[test]
    fn lines_come_out_whole_however_they_came_in() {
        assert_eq!(cut(&[b"one\r\ntw", b"o\n\nthr", b"ee"]), ["one", "two", "", "three"]);
        assert_eq!(cut(&[b"one\n"]), ["one"], "an end without content is no line");
    }

    #[test]
    fn a_line_without_end_is_cut_and_says_how_much_is_missing() {
        let long = vec![b'x'; LONGEST_LINE];
        let lines = cut(&[&long, &long, b"\nnext\n"]);
        assert_eq!(lines[0].len(), LONGEST_LINE + " ... (4096 more bytes)".len());
        assert!(lines[0].ends_with("x ... (4096 more bytes)"));
        assert_eq!(lines[1], "next");
    }

    #[test]
    fn bytes_that_are_no_text_are_shown_as_such() {
        assert_eq!(cut(&[b"a\xff\n"]), ["a\u{fffd}"]);
    }

    #[test]
    fn a_sink_that_hangs_holds_nobody_up_and_is_told_what_it_missed() {
        let (go, wait) = channel::<()>();
        let wait = Mutex::new(wait);
        let seen = Arc::new(Mutex::new(Vec::new()));
        let sink = {
            let seen = Arc::clone(&seen);
            Arc::new(move |line: &str| {
                let _ = wait.lock().unwrap().recv();
                seen.lock().unwrap().push(line.to_owned());
            })
        };
        let (queue, thread) = LineQueue::start(sink).unwrap();
        for number in 0..QUEUE + 100 {
            queue.push(number.to_string());
        }
        drop((go, queue));
        thread.join().unwrap();
        let seen = seen.lock().unwrap();
        assert!(seen.len() >= QUEUE, "{} lines came through", seen.len());
        assert!(
            seen.iter().any(|line| line.contains("lines of output were dropped")),
            "{:?}",
            seen.last()
        );
    }
}

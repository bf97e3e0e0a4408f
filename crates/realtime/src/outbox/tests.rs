use super::*;

/// A link that takes `room` bytes and then blocks.
#[derive(Default)]
struct Pipe {
    room: Mutex<usize>,
    got: Mutex<Vec<u8>>,
    woken: Mutex<usize>,
}

impl Link for Pipe {
    fn try_write(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        let mut room = self.room.lock().unwrap();
        let mut written = 0;
        for slice in slices {
            let n = slice.len().min(*room);
            self.got.lock().unwrap().extend_from_slice(&slice[..n]);
            *room -= n;
            written += n;
        }
        if written == 0 { Err(io::ErrorKind::WouldBlock.into()) } else { Ok(written) }
    }

    fn wake(&self) {
        *self.woken.lock().unwrap() += 1;
    }
}

fn outbox(frames: usize, room: usize) -> (Outbox, Arc<Pipe>, Arc<Counters>) {
    let counters = Arc::new(Counters::default());
    let outbox = Outbox::new(OutboxLimits { frames, bytes: 1000 }, Arc::clone(&counters));
    let pipe = Arc::new(Pipe { room: Mutex::new(room), ..Pipe::default() });
    outbox.attach(Arc::clone(&pipe) as Arc<dyn Link>);
    (outbox, pipe, counters)
}

fn durable(text: &'static str) -> Frame {
    Frame::durable(Bytes::from_static(text.as_bytes()))
}

fn ephemeral(text: &'static str) -> Frame {
    Frame::ephemeral(Bytes::from_static(text.as_bytes()))
}

#[test]
fn a_blocked_socket_is_finished_by_the_session_alone() {
    let (outbox, pipe, _) = outbox(10, 4);
    assert_eq!(outbox.push(durable("abc")), PushOutcome::First);
    assert_eq!(outbox.push(durable("def")), PushOutcome::Queued);
    outbox.flush();
    assert_eq!(*pipe.got.lock().unwrap(), b"abcd");
    assert!(outbox.is_blocked());
    assert_eq!(*pipe.woken.lock().unwrap(), 1);

    *pipe.room.lock().unwrap() = 100;
    outbox.send(durable("gh"));
    assert_eq!(*pipe.got.lock().unwrap(), b"abcd", "others wait for the session's task");
    assert!(!outbox.resume());
    assert_eq!(*pipe.got.lock().unwrap(), b"abcdefgh");
    assert!(outbox.is_empty());
}

#[test]
fn ephemeral_frames_go_first_then_no_more_is_taken() {
    let (outbox, _, counters) = outbox(3, 0);
    for frame in [ephemeral("1"), durable("2"), ephemeral("3")] {
        outbox.push(frame);
    }
    assert_eq!(outbox.offer(&[ephemeral("4")]), PushOutcome::Dropped);
    assert_eq!(outbox.offer(&[durable("5"), durable("6")]), PushOutcome::Queued);
    assert_eq!(outbox.offer(&[durable("7")]), PushOutcome::Full);
    assert_eq!(outbox.closed(), None);
    let figures = counters.read();
    assert!(figures.contains(&("ephemeral_dropped", 3)));
    assert!(figures.contains(&("slow_closed", 0)));
}

#[test]
fn what_belongs_together_is_taken_whole_or_not() {
    let (outbox, ..) = outbox(3, 0);
    outbox.push(durable("1"));
    outbox.push(durable("2"));
    assert_eq!(outbox.offer(&[ephemeral("a"), durable("b")]), PushOutcome::Full);
    assert_eq!(outbox.take(usize::MAX).len(), 2);
    assert_eq!(outbox.offer(&[ephemeral("a"), durable("b")]), PushOutcome::First);
}

#[test]
fn answers_have_room_beyond_the_limits_but_not_for_ever() {
    let (outbox, _, counters) = outbox(8, 0);
    assert_eq!(outbox.offer(&vec![durable("1"); 8]), PushOutcome::First);
    assert_eq!(outbox.offer(&[durable("2")]), PushOutcome::Full);
    for _ in 0..2 {
        assert_eq!(outbox.push(durable("answer")), PushOutcome::Queued);
    }
    assert_eq!(outbox.push(durable("answer")), PushOutcome::Closed);
    assert_eq!(outbox.closed(), Some(CloseReason::Slow));
    let figures = counters.read();
    assert!(figures.contains(&("slow_closed", 1)));
}

#[test]
fn it_is_crowded_at_the_limits_while_the_socket_is_full() {
    let (outbox, pipe, _) = outbox(2, 0);
    outbox.push(durable("1"));
    outbox.push(durable("2"));
    assert!(!outbox.is_crowded(), "nobody has tried to write");
    outbox.flush();
    assert!(outbox.is_crowded());
    *pipe.room.lock().unwrap() = 1;
    outbox.resume();
    assert!(outbox.is_blocked() && !outbox.is_crowded(), "one has left");
}

#[test]
fn who_waits_is_told_when_little_is_left() {
    let (outbox, pipe, _) = outbox(8, 0);
    let drains = Arc::new(Drains::default());
    outbox.offer(&vec![durable("12"); 8]);
    outbox.flush();
    outbox.when_drained(ConnectionId(7), &drains);
    let read = |bytes| {
        *pipe.room.lock().unwrap() = bytes;
        outbox.resume();
        drains.take()
    };
    assert!(read(11).is_empty(), "three wait");
    assert_eq!(read(1), [ConnectionId(7)]);
    assert!(read(4).is_empty(), "only once");
    assert_eq!((outbox.gone(), outbox.end()), (16, 16));
    outbox.when_drained(ConnectionId(8), &drains);
    assert_eq!(drains.take(), [ConnectionId(8)]);
}

#[test]
fn half_a_frame_is_never_dropped() {
    let (outbox, pipe, _) = outbox(2, 2);
    outbox.send(ephemeral("abcd"));
    outbox.push(ephemeral("x"));
    outbox.push(durable("y"));
    *pipe.room.lock().unwrap() = 100;
    outbox.resume();
    assert_eq!(*pipe.got.lock().unwrap(), b"abcdy", "the whole one could go");
}

#[test]
fn taking_is_bounded_but_never_empty_handed() {
    let (outbox, ..) = outbox(10, 0);
    for frame in [durable("aaaa"), durable("bb"), durable("cc")] {
        outbox.push(frame);
    }
    let sizes = |taken: SmallVec<[Bytes; 8]>| taken.iter().map(Bytes::len).collect::<Vec<_>>();
    assert_eq!(sizes(outbox.take(3)), [4]);
    assert_eq!(sizes(outbox.take(4)), [2, 2]);
    assert!(outbox.take(4).is_empty());
}

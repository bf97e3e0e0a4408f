//! Who may come in: the accounts of a workspace, and where each of them belongs.

/// Connections that are made with one ticket at most.
pub const PER_TICKET: usize = 100;
/// Tickets for the hall.
pub const HALL: usize = 11;
/// Tickets for rooms, one each.
pub const ROOMS: usize = 104;
/// Tickets of who comes into the hall and goes.
pub const COMERS: usize = 16;

/// What lets a client in, and where.
#[derive(Debug, Clone)]
pub struct Ticket {
    /// The access token of an account.
    pub token: String,
    /// How the peers call the room.
    pub room: String,
    /// How Chorus does: the number of the account's only project.
    pub project: i64,
    /// The first task of the project; the next ones follow without a gap.
    pub first_task: u64,
}

/// A place that a client takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seat {
    /// The n-th in the hall, where all hear each other.
    Hall(usize),
    /// In a room of its own few.
    Room(usize),
    /// The n-th of many who are spread over all rooms, a hundred in each.
    Anywhere(usize),
    /// One whose person nobody else is, in the hall.
    Comer(usize),
}

/// All tickets.
#[derive(Debug, Clone, Default)]
pub struct Guests {
    /// For the hall.
    pub hall: Vec<Ticket>,
    /// For the rooms, in the order of their tasks.
    pub rooms: Vec<Ticket>,
    /// For those who come and go.
    pub comers: Vec<Ticket>,
}

impl Guests {
    /// The ticket for a seat.
    pub fn ticket(&self, seat: Seat) -> &Ticket {
        match seat {
            Seat::Hall(number) => &self.hall[number / PER_TICKET % self.hall.len()],
            Seat::Room(room) => &self.rooms[room],
            // From the last on: the first rooms are for those who hear.
            Seat::Anywhere(number) => {
                &self.rooms[self.rooms.len() - 1 - number / PER_TICKET % self.rooms.len()]
            }
            Seat::Comer(number) => &self.comers[number],
        }
    }
}
